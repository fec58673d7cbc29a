import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.decision.portfolio import short_list
from metallmix_kedro.search_space import Configuration
from tests.fabricated import SPACE


def scored(scores: pd.Series, seconds: float | pd.Series = 1.0) -> pd.DataFrame:
    return SPACE.frame().assign(relative_score=scores, training_time_s=seconds)


def certain(predictions: pd.DataFrame) -> np.ndarray:
    """One scenario, in which the predictions come true."""
    return predictions["relative_score"].to_numpy()[None, :]


def configurations(listed: pd.DataFrame) -> list[Configuration]:
    return [Configuration.from_mapping(row) for row in listed.to_dict("records")]


RANDOM_SCORES = st.integers(0, 2**32 - 1).map(
    lambda seed: pd.Series(range(SPACE.size)).sample(frac=1, random_state=seed, ignore_index=True)
)


@given(
    scores=RANDOM_SCORES,
    n_candidates=st.integers(2, 8),
    average=st.integers(0, SPACE.size - 1),
    seed=st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_the_list_begins_with_the_best_and_holds_the_average_and_each_adds_something(
    scores: pd.Series, n_candidates: int, average: int, seed: int
) -> None:
    predictions = scored(scores / SPACE.size)
    on_average = configurations(predictions.iloc[[average]])[0]
    scenarios = certain(predictions) + np.random.default_rng(seed).normal(size=(12, SPACE.size))

    listed = short_list(predictions, scenarios, n_candidates, on_average.as_dict())

    chosen = configurations(listed)
    assert len(set(chosen)) == len(chosen) == n_candidates
    assert chosen[0] == configurations(predictions.loc[[scores.idxmax()]])[0]
    assert listed["roles"].iloc[0][0] == "surrogate_best"
    assert "best_on_average" in listed["roles"].iloc[chosen.index(on_average)]
    assert (listed["adds"].iloc[1:] >= 0).all()
    best = scenarios[:, predictions.index.get_indexer(listed.index)].max(axis=1).mean()
    assert listed["adds"].sum() == pytest.approx(best)


def test_a_complement_beats_a_second_best_that_fails_where_the_first_does() -> None:
    predictions = scored(pd.Series(0.0, index=range(SPACE.size))).head(3)
    predictions["relative_score"] = [0.9, 0.89, 0.6]
    # On one kind of dataset the first two fail together, and the third does not.
    scenarios = np.array([[0.95, 0.94, 0.3], [0.2, 0.2, 0.9]])

    listed = short_list(predictions, scenarios, 2)

    assert listed["relative_score"].tolist() == [0.9, 0.6]
    assert listed["adds"].tolist() == pytest.approx([(0.95 + 0.2) / 2, (0.9 - 0.2) / 2])
    assert listed["roles"].tolist() == [("surrogate_best",), ("different",)]


def test_a_space_of_one_gives_a_list_of_one() -> None:
    one = scored(pd.Series(range(SPACE.size))).head(1)
    assert len(short_list(one, certain(one), 5, configurations(one)[0].as_dict())) == 1


def test_ties_go_to_the_shorter_training_time_then_to_the_order_of_the_space() -> None:
    seconds = pd.Series(2.0, index=range(SPACE.size))
    seconds.iloc[[70, 40]] = 1.0
    predictions = scored(pd.Series(0.5, index=range(SPACE.size)), seconds)

    assert short_list(predictions, certain(predictions), 3).index.tolist() == [40, 70, 0]


def test_an_average_outside_the_rows_is_left_out() -> None:
    outside = Configuration.of("ResNet50", "full", 512, 0.3, "adam", 1e-3, 16)
    predictions = scored(pd.Series(range(SPACE.size)))

    listed = short_list(predictions, certain(predictions), 5, outside.as_dict())

    assert not any("best_on_average" in roles for roles in listed["roles"])


def test_the_best_may_be_best_on_average_too() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    best = configurations(predictions.tail(1))[0]

    listed = short_list(predictions, certain(predictions), 5, best.as_dict())

    assert listed["roles"].iloc[0] == ("surrogate_best", "best_on_average")
    assert len(listed) == 5
