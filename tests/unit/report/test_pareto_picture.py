import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from metallmix_kedro.decision.pareto import fastest, pareto_front
from metallmix_kedro.history.objective import MEASURES
from metallmix_kedro.report.pareto_picture import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    draw_pareto,
    place_pareto,
)
from tests import made_recommendation as made

CANDIDATES = made.evidence().candidates
FRONT = pareto_front(made.scored_space())


def place(**changes):
    return place_pareto(made.scored_space(), FRONT, CANDIDATES, **changes)


def inside(x, y):
    return LEFT <= x <= RIGHT and TOP <= y <= BOTTOM


def test_everything_stands_inside_the_plot():
    picture = place()
    dots = re.findall(r"M([\d.]+) ([\d.]+)h", picture.dots)
    assert len(dots) > 50
    assert len(set(dots)) == len(dots)
    assert all(inside(float(x), float(y)) for x, y in dots)
    assert all(inside(mark.x, mark.y) for mark in picture.candidates)
    assert all(inside(row.mark.x, row.mark.y) for row in picture.front)


def test_better_is_higher_and_longer_is_farther_right():
    rows = place().front
    for one, other in pairwise(rows):
        assert one.mark.x <= other.mark.x
        assert one.mark.y >= other.mark.y
    assert rows[0].mark.x < rows[-1].mark.x
    assert rows[0].mark.y > rows[-1].mark.y


def test_names_do_not_cover_each_other():
    picture = place()
    marks = [*picture.candidates, *(row.mark for row in picture.front)]
    labelled = [mark for mark in marks if mark.label is not None]
    assert all(mark.label is not None for mark in picture.candidates)
    assert len(labelled) > len(picture.candidates)
    for number, one in enumerate(labelled):
        for other in labelled[number + 1 :]:
            (x, y), (u, v) = one.label, other.label
            assert abs(x - u) >= 8 or abs(y - v) >= 12


def test_times_of_the_front_are_multiples_of_the_fastest_candidates():
    unit = fastest(CANDIDATES).training_time_s
    for row in place().front:
        assert row.relative_time * unit == pytest.approx(row.point.training_time_s)


def test_a_limit_is_drawn_where_it_lies_also_beyond_every_time():
    longest = made.scored_space()["training_time_s"].max()
    picture = place(limit_s=10 * longest)
    assert max(row.mark.x for row in picture.front) < picture.limit <= RIGHT
    assert place().limit is None


def test_a_space_of_one_configuration_can_be_drawn():
    scored = made.scored_space().head(1)
    picture = place_pareto(scored, pareto_front(scored), CANDIDATES[:1])
    assert len(picture.front) == 1


@pytest.mark.parametrize("objective", MEASURES)
def test_the_picture_is_whole_and_names_its_metric(objective):
    text = draw_pareto(made.scored_space(), FRONT, CANDIDATES, MEASURES[objective], 7.0)
    root = ET.fromstring(text)  # noqa: S314 (our own)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(root.itertext())
    assert f"predicted {MEASURES[objective].label}" in words
    assert ("accuracy" in words) is (objective == "accuracy")
    assert "limit 7.0 s" in words
    for one in CANDIDATES:
        assert one.ref in words
    for point in FRONT:
        assert point.configuration.backbone in words
    assert text == draw_pareto(made.scored_space(), FRONT, CANDIDATES, MEASURES[objective], 7.0)
