from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.decision import Target
from metallmix_kedro.decision.learning_curve import LearningCurves, learning_curves
from metallmix_kedro.decision.target import Learned
from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.explanation.free_choice import with_free_choice
from metallmix_kedro.history import History
from metallmix_kedro.search_space import Configuration
from tests import made_recommendation as made
from tests.fabricated import SPACE
from tests.made_curves import CHOSEN, NEVER, SLOW, made_curve, made_curves
from tests.made_evidence import LITE, MOBILE, XCEPTION, candidate, hand_made


def test_between_its_points_a_curve_is_a_line_over_the_logarithm() -> None:
    assert CHOSEN.at(200) == pytest.approx(0.6)
    assert CHOSEN.at(200 * 2**0.5) == pytest.approx(0.65)
    assert (CHOSEN.at(1), CHOSEN.at(1e6)) == (0.5, 0.8)


@given(st.integers(0, 2000), st.floats(100, 800))
def test_a_gain_is_what_the_curve_rises_by_and_unknown_beyond_the_history(
    more: int, n_train: float
) -> None:
    gain = made_curves(SLOW, n_train=n_train).gain("C1", more)
    if n_train + more > 800:
        assert gain is None
    else:
        assert gain == pytest.approx(0.1 * np.log2((n_train + more) / n_train), abs=1e-9)


def test_a_way_that_is_ahead_with_more_images_overtakes() -> None:
    assert made_curves(SLOW, NEVER).overtaking("C1") == [("all layers", 400.0)]
    assert made_curves(SLOW, n_train=100.0).overtaking("C1") == [("all layers", 400.0)]


def test_what_is_ahead_already_or_level_or_a_candidate_does_not_overtake() -> None:
    assert made_curves(SLOW, n_train=400.0).overtaking("C1") == []
    ahead = made_curve([0.9, 0.9, 0.9, 0.9], XCEPTION, best_of="all layers")
    level = made_curve([0.5, 0.6, 0.7, 0.8], MOBILE, best_of="last 10 layers")
    other = made_curve([0.1, 0.1, 0.1, 0.99], MOBILE, ref="C2")
    assert made_curves(ahead, level, other).overtaking("C1") == []


class _ByHand:
    """In place of a surrogate: all layers gain most with more images, and none is certain."""

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        share = frame["strategy"].map(hyperparameter("strategy").ranks.index) / 3
        doublings = np.log2(frame["n_train"] / 100)
        score = 0.6 - 0.2 * share + 0.1 * share * doublings + 1e-7
        return pd.DataFrame({"score": score, "score_low": score - 0.1, "score_high": score + 0.1})


def history(*n_train: float | None) -> pd.DataFrame:
    table = made.history()
    return table.assign(n_train=pd.Series(np.resize(np.array(n_train, float), len(table))))


def learned(table: pd.DataFrame) -> Learned:
    return Learned(History(table), _ByHand(), *made.index())


def known(table: pd.DataFrame) -> Target:
    return made.known(what=learned(table))


def scored() -> pd.DataFrame:
    """Of each strategy the configuration that stands last is best."""
    space = SPACE.frame()
    return space.assign(relative_score=np.linspace(0, 1, len(space)), training_time_s=1.0)


def predicted(table: pd.DataFrame, **changes: Any) -> LearningCurves | None:
    candidates = (candidate("C1", LITE, 0.9), candidate("C2", XCEPTION, 0.8))
    parts = {"scored": scored(), **changes}
    return learning_curves(known(table), _ByHand(), History(table), parts["scored"], candidates)


def test_candidates_and_the_best_of_each_way_are_predicted_over_the_historys_sizes() -> None:
    found = predicted(history(50, 800, None))
    assert found is not None
    assert [one.ref for one in found.curves] == ["C1", "C2", None, None, None, None]
    assert found.curves[0].configuration == LITE
    words = hyperparameter("strategy")
    told = {words.told(name) for name in words.ranks}
    assert {one.best_of for one in found.curves} == {None, *told}
    for one in found.curves:
        sizes = [point.n_train for point in one.points]
        assert sizes == sorted(set(sizes))
        assert (sizes[0], sizes[-1]) == (50, 800)
        assert found.n_train in sizes
        for point in one.points:
            assert point.low < point.score < point.high
            assert round(point.score, 4) == point.score
    # Each row stands beside its own size and configuration.
    full = next(one for one in found.curves if one.configuration.strategy == "full")
    assert full.at(100) == pytest.approx(0.4, abs=1e-3)
    assert full.at(800) == pytest.approx(0.7, abs=1e-3)
    frozen = found.of("C1")
    assert {point.score for point in frozen.points} == {0.6}
    last = scored().groupby("strategy").tail(1)
    best = [Configuration.from_mapping(row) for row in last.to_dict("records")]
    assert {one.configuration for one in found.curves if one.best_of} == set(best)
    assert found.overtaking("C1") == []  # as many images train it as the history knows of
    assert found.gain("C1", 500) is None
    overtaking = dict(found.model_copy(update={"n_train": 100.0}).overtaking("C1"))
    # All are behind the frozen network on 100 images, level with it on 400, then ahead.
    assert set(overtaking) == told - {words.told("feature_extraction")}
    assert all(400 < size < 600 for size in overtaking.values())


def test_what_the_language_model_composed_has_a_curve_too() -> None:
    composed = candidate("C1", MOBILE, 0.7)
    shown, table = with_free_choice(hand_made(), composed), history(50, 800)
    assert len(shown.candidates) == 3
    with_sizes = learned(table)
    found = learning_curves(
        known(table), with_sizes.surrogate, with_sizes.history, scored(), shown.candidates
    )
    assert found is not None
    for one in shown.candidates:
        assert found.of(one.ref).configuration == one.configuration
        assert found.gain(one.ref, 0) == 0


def test_where_no_size_is_known_there_is_no_curve() -> None:
    assert predicted(history(None)) is None
    assert predicted(made.history()) is None


def test_a_target_at_the_edge_of_the_history_is_at_its_edge_to_the_last_digit() -> None:
    found = predicted(history(50, 971.25))
    assert found is not None
    assert found.n_train == found.largest == found.curves[0].points[-1].n_train


def test_a_history_of_one_size_gives_a_curve_of_one_or_two_points() -> None:
    found = predicted(history(300))
    assert found is not None
    assert [point.n_train for point in found.curves[0].points] == [300]
    assert (found.n_train, found.largest) == (300, 300)
