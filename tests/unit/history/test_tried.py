"""What was counted once answers as the plain rule does on the trials themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.averages import (
    configuration_means,
    known_configurations,
    shared_enough,
)
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.relative import add_relative_score
from metallmix_kedro.history.trials import History
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.search_space import Configuration, SearchSpace
from tests.fabricated import SPACE, fabricate_history

KEYS = list(configuration_columns())


def plain_best(history: pd.DataFrame, space: SearchSpace):
    """Scores related to all trials, then what lies outside the space taken away; best first."""
    scored = add_relative_score(history)
    inside = scored[KEYS].isin({name: list(getattr(space, name)) for name in KEYS})
    eligible = known_configurations(scored[inside.all(axis=1)])
    if eligible.empty:
        return None
    return shared_enough(configuration_means(eligible), eligible["dataset"].nunique())


@st.composite
def histories(draw) -> pd.DataFrame:
    """Few configurations on few datasets, some often, some with equal scores or unknown values."""
    history = fabricate_history(4, 30, seed=draw(st.integers(0, 20)))
    history = history.sample(frac=1.0, random_state=draw(st.integers(0, 20)), ignore_index=True)
    few = SPACE.frame().sample(8, random_state=draw(st.integers(0, 20)))
    chosen = few.iloc[np.random.default_rng(draw(st.integers(0, 20))).integers(0, 8, len(history))]
    history = history.assign(**{name: chosen[name].to_numpy() for name in KEYS})
    history["test_accuracy"] = history["test_accuracy"].round(draw(st.integers(1, 4)))
    failed = draw(st.integers(0, 40))
    history.loc[: failed - 1, "status"] = "failed"
    history.loc[history.index % 7 == 0, "dropout"] = None
    typed = history.astype(dict.fromkeys(["dense_units", "batch_size"], "float64"))
    return with_score(typed, "accuracy")


SPACES = st.fixed_dictionaries(
    {
        "backbone": st.lists(st.sampled_from(SPACE.backbone), min_size=1, unique=True).map(tuple),
        "optimizer": st.lists(st.sampled_from(SPACE.optimizer), min_size=1, unique=True).map(tuple),
    }
).map(lambda values: SPACE.model_copy(update=values))


@given(histories(), SPACES)
def test_the_best_is_that_of_the_plain_rule(history, space):
    tried, plain = Tried.of(history), plain_best(history, space)
    best = tried.best(space)
    assert (best is None) == (plain is None)
    if best is not None and plain is not None:
        assert best in space
        means = plain.set_index(KEYS)["mean_relative_score"]
        # Means are equal but for rounding where another of two equals is named.
        worth = means[tuple(best.as_dict()[name] for name in KEYS)]
        assert worth == pytest.approx(means.iloc[0], abs=1e-12)
    assert tried.values("backbone") == set(known_configurations(history)["backbone"])


def test_each_configuration_stands_once_with_its_values():
    history = with_score(fabricate_history(3, 40), "accuracy")
    tried = Tried.of(pd.concat([history, history], ignore_index=True))
    plain = history[KEYS].drop_duplicates().sort_values(KEYS, ignore_index=True)
    pd.testing.assert_frame_equal(tried.configurations, plain)


def test_a_space_or_a_history_without_trials_has_no_best():
    history = with_score(fabricate_history(2, 10), "accuracy")
    assert Tried.of(history).best(SPACE.model_copy(update={"dense_units": (64,)})) is None
    nothing = Tried.of(history.assign(status="failed"))
    assert nothing.best(SPACE) is None
    assert nothing.values("backbone") == frozenset()


def test_what_was_counted_is_not_counted_again():
    history = History.scored(fabricate_history(2, 10), "accuracy")
    assert history.tried is history.tried


def test_a_configuration_must_be_shared_inside_the_space():
    history = with_score(fabricate_history(4, 30), "accuracy")
    expected = Configuration.from_mapping(plain_best(history, SPACE).iloc[0][KEYS])
    assert Tried.of(history).best(SPACE) == expected
