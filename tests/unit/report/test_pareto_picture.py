import json
import subprocess
import sys
from html import escape
from itertools import pairwise
from math import log10

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metallmix_kedro.decision.pareto import fastest, pareto_front
from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.explanation.formatting import duration, percent, percent_range, ratio
from metallmix_kedro.history.objective import MEASURES
from metallmix_kedro.report.pareto_picture import draw_pareto
from metallmix_kedro.search_space import Configuration
from tests import made_evidence
from tests import made_recommendation as made

CANDIDATES = made.evidence().candidates
FRONT = pareto_front(made.scored_space())
ACCURACY = MEASURES["accuracy"]


def draw(**changes):
    return draw_pareto(made.scored_space(), FRONT, CANDIDATES, ACCURACY, **changes)


def test_every_configuration_is_a_dot_that_tells_all_of_it():
    scored, unit = made.scored_space(), fastest(CANDIDATES).training_time_s
    dots = draw()["data"][0]
    assert len(dots["x"]) == len(dots["y"]) == len(dots["customdata"]) == len(scored)
    assert all(len(texts) == len(dots["meta"]) + 1 for texts in dots["customdata"])
    for place in range(0, len(scored), 97):
        row, texts = scored.iloc[place], dots["customdata"][place]
        seconds = round(row.training_time_s, 4)
        assert texts[0] == row.backbone
        assert texts[7:11] == [
            percent(round(row.score, 4)),
            percent_range(round(row.score_low, 4), round(row.score_high, 4)),
            duration(seconds),
            ratio(seconds / unit),
        ]
        assert dots["x"][place] == seconds
        assert dots["y"][place] == pytest.approx(100 * row.score, abs=0.01)
    for place, head in enumerate(dots["meta"]):
        assert f"{head} <b>%{{customdata[{place}]}}</b>" in dots["hovertemplate"]


def test_each_candidate_and_each_point_of_the_front_is_one_dot_with_a_name():
    dots, front, rings = draw()["data"]
    named = {texts[-1]: place for place, texts in enumerate(dots["customdata"]) if texts[-1]}
    assert len(named) == len([texts for texts in dots["customdata"] if texts[-1]])
    for number, one in enumerate(CANDIDATES):
        place = named.pop(one.ref)
        assert (dots["x"][place], dots["y"][place]) == (rings["x"][number], rings["y"][number])
    chosen = {one.configuration for one in CANDIDATES}
    rest = [one for one in FRONT if one.configuration not in chosen]
    assert sorted(named) == sorted(str(number) for number in range(1, len(rest) + 1))
    for number, one in enumerate(rest, start=1):
        assert dots["x"][named[str(number)]] == one.training_time_s
        assert one.training_time_s in front["x"]


def test_a_composed_candidate_is_a_dot_too():
    space = made.scored_space()
    composed = made_evidence.candidate(
        "F1", Configuration.of("Xception", "full", 7, 0.1, "adam", 1e-3, 8), 0.8
    )
    dots = draw_pareto(space, FRONT, [*CANDIDATES, composed], ACCURACY)["data"][0]
    assert len(dots["x"]) == len(space) + 1
    assert dots["customdata"][-1][-1] == "F1"


def test_better_is_higher_and_longer_is_farther_right():
    front = draw()["data"][1]
    points = list(zip(front["x"], front["y"], strict=True))
    assert len(points) == len(FRONT) > 1
    assert all(x < u and y < v for (x, y), (u, v) in pairwise(points))


def test_neighbours_in_time_have_their_labels_on_different_sides():
    rings = draw()["data"][2]
    by_time = sorted(zip(rings["x"], rings["textposition"], strict=True))
    assert all(one != other for (_, one), (_, other) in pairwise(by_time))
    assert rings["text"] == [f"<b>{one.ref}</b>" for one in CANDIDATES]


def test_a_limit_is_drawn_where_it_lies_also_beyond_every_time():
    limit = 10 * float(made.scored_space()["training_time_s"].max())
    layout = draw(limit_s=limit)["layout"]
    assert [line["x0"] for line in layout["shapes"]] == [limit]
    assert layout["shapes"][0]["name"] == f"limit {duration(limit)}"
    assert layout["xaxis"]["range"][1] > log10(limit)
    assert draw()["layout"]["shapes"] == []


@pytest.mark.parametrize("limit", [None, 90_000.0])
def test_ticks_are_few_and_on_the_axis(limit):
    axis = draw(limit_s=limit)["layout"]["xaxis"]
    low, high = axis["range"]
    assert 2 <= len(axis["tickvals"]) == len(axis["ticktext"]) <= 10
    assert all(low <= log10(value) <= high for value in axis["tickvals"])


def test_a_space_of_one_configuration_can_be_drawn():
    scored = made.scored_space().head(1)
    figure = draw_pareto(scored, pareto_front(scored), CANDIDATES[:1], ACCURACY)
    assert len(figure["data"][1]["x"]) == 1


@pytest.mark.parametrize("objective", MEASURES)
def test_the_picture_names_its_metric_and_is_the_same_each_time(objective):
    def text():
        arguments = (made.scored_space(), FRONT, CANDIDATES, MEASURES[objective], 7.0)
        return json.dumps(draw_pareto(*arguments), sort_keys=True, allow_nan=False)

    assert f"predicted {MEASURES[objective].label}" in text()
    assert ("accuracy" in text()) is (objective == "accuracy")
    assert text() == text()


@given(name=st.text(min_size=1))
@example(name="<img src=x onerror=alert(1)>%{x}&lt;")
def test_names_are_shown_as_they_are(name):
    declaration = {"hyperparameters": {"tool": {"kind": "category", "values": [name, "other"]}}}
    with used(Declaration.model_validate({"trained": "tools", "meta_features": {}, **declaration})):
        candidate = made_evidence.candidate("C1", Configuration(tool=name), 0.8)
        scored = pd.DataFrame([{"tool": name, **candidate.model_dump()}])
        dots = draw_pareto(scored, (), [candidate], ACCURACY)["data"][0]
    (texts,) = dots["customdata"]
    assert texts[0] == escape(name)
    assert "<" not in texts[0]
    assert dots["hovertemplate"].startswith("tool <b>%{customdata[0]}</b><br>")


def test_making_it_imports_no_drawing_library():
    code = (
        "import sys; from metallmix_kedro.report import draw_pictures, render_report; "
        "from metallmix_kedro.report.report import _plotly; _plotly(); "
        "from metallmix_kedro.datasets.plotly_figure import PlotlyFigureDataset; "
        "sys.exit(bool({'plotly', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
