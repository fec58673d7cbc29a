import json

import pytest

from metallmix_kedro.explanation import names
from metallmix_kedro.history import MEASURES
from metallmix_kedro.report.curve_picture import draw_curves
from metallmix_kedro.search_space import Configuration
from tests.made_curves import CHOSEN, NEVER, SIZES, SLOW, made_curve, made_curves
from tests.made_evidence import LITE, XCEPTION

ACCURACY = MEASURES["accuracy"]


def draw(*others, ref="C1", **changes):
    return draw_curves(made_curves(*others, **changes), ref, ACCURACY)


def test_the_chosen_curve_and_the_best_of_each_way_are_lines_in_per_cent():
    band, chosen, *others = draw(SLOW, NEVER)["data"]
    assert chosen["x"] == list(SIZES)
    assert chosen["y"] == pytest.approx([50, 60, 70, 80])
    assert chosen["name"] == f"C1: {names.title(LITE)}"
    assert [one["name"] for one in others] == [
        names.title(one.configuration) for one in (SLOW, NEVER)
    ]
    assert others[0]["y"] == pytest.approx([10, 30, 71, 89])
    assert len({one["line"]["color"] for one in (chosen, *others)}) == 3
    # The interval is closed: along its low ends, and back along its high ones.
    assert band["x"] == [*SIZES, *reversed(SIZES)]
    assert band["y"] == pytest.approx([40, 50, 60, 70, 90, 80, 70, 60])


def test_another_candidate_is_drawn_where_it_is_chosen():
    other = made_curve([0.2, 0.4, 0.6, 0.9], XCEPTION, ref="C2")
    _, chosen, *others = draw(other, ref="C2")["data"]
    assert chosen["name"].startswith("C2: ")
    assert chosen["y"] == pytest.approx([20, 40, 60, 90])
    assert others == []


def test_the_best_way_is_not_drawn_twice():
    twin = made_curve([0.5, 0.6, 0.7, 0.8], LITE, best_of="no layer")
    assert len(draw(twin, SLOW)["data"]) == 3


def test_each_point_tells_all_of_it():
    text = draw()["data"][1]["customdata"][2]
    for said in (names.title(LITE), names.details(LITE), "400 training images", "70.0 %"):
        assert said in text


def test_names_are_shown_as_text():
    odd = Configuration.from_mapping({**CHOSEN.configuration.as_dict(), "backbone": "<b>&"})
    line = draw(made_curve([0.1] * 4, odd, best_of="<i>"))["data"][2]
    assert "&lt;b&gt;&amp;" in line["name"]
    assert "<b>&" not in line["name"] + "".join(line["customdata"])


def test_the_target_is_marked_and_ticks_lie_on_the_axis():
    layout = draw(n_train=200.0)["layout"]
    (mark,) = layout["shapes"]
    assert (mark["x0"], mark["x1"], mark["name"]) == (200.0, 200.0, "yours: 200")
    ticks = layout["xaxis"]["tickvals"]
    assert ticks == [100, 200, 500]
    assert len(layout["xaxis"]["ticktext"]) == len(ticks)
    assert layout["yaxis"]["title"]["text"] == "predicted accuracy"


def test_it_is_json():
    figure = draw(SLOW, NEVER)
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure
