import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.recommendation.candidates import short_list
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, Configuration
from tests.fabricated import SPACE

COLUMNS = list(CONFIGURATION_COLUMNS)


def scored(scores: pd.Series, seconds: float | pd.Series = 1.0) -> pd.DataFrame:
    frame = SPACE.frame()
    return frame.assign(relative_score=scores, training_time_s=seconds)


def configurations(listed: pd.DataFrame) -> list[Configuration]:
    return [Configuration.from_mapping(row) for row in listed.to_dict("records")]


def n_differences(left: Configuration, right: Configuration) -> int:
    return sum(left.as_dict()[name] != right.as_dict()[name] for name in COLUMNS)


RANDOM_SCORES = st.integers(0, 2**32 - 1).map(
    lambda seed: pd.Series(range(SPACE.size)).sample(frac=1, random_state=seed, ignore_index=True)
)


@given(
    scores=RANDOM_SCORES,
    n_candidates=st.integers(2, 8),
    min_difference=st.integers(1, 7),
    average=st.integers(0, SPACE.size - 1),
)
@settings(max_examples=40, deadline=None)
def test_the_list_holds_the_best_and_the_average_and_others_that_differ(
    scores: pd.Series, n_candidates: int, min_difference: int, average: int
) -> None:
    predictions = scored(scores)
    on_average = configurations(predictions.iloc[[average]])[0]

    listed = short_list(predictions, n_candidates, min_difference, on_average.as_dict())

    chosen = configurations(listed)
    assert len(set(chosen)) == len(chosen) <= n_candidates
    assert listed["relative_score"].is_monotonic_decreasing
    assert chosen[0] == configurations(predictions.loc[[scores.idxmax()]])[0]
    assert listed["roles"].iloc[0][0] == "surrogate_best"
    assert on_average in chosen
    assert "best_on_average" in listed["roles"].iloc[chosen.index(on_average)]
    different = [
        one for one, roles in zip(chosen, listed["roles"], strict=True) if roles == ("different",)
    ]
    for one in different:
        others = [other for other in chosen if other != one]
        assert min(n_differences(one, other) for other in others) >= min_difference


def test_the_next_is_the_best_that_differs_in_backbone_or_strategy() -> None:
    predictions = scored(pd.Series(range(SPACE.size, 0, -1), dtype=float))

    listed = short_list(predictions, n_candidates=3, min_difference=1)

    networks = listed[["backbone", "strategy"]].to_numpy().tolist()
    assert networks == [
        ["MobileNetV2_0.35", "feature_extraction"],
        ["MobileNetV2_0.35", "last_10"],
        ["MobileNetV2_0.35", "last_30"],
    ]


def test_backbone_and_strategy_repeat_where_there_are_no_others() -> None:
    one_network = scored(pd.Series(range(SPACE.size), dtype=float)).query(
        "backbone == 'Xception' and strategy == 'full'"
    )

    listed = short_list(one_network, n_candidates=4, min_difference=2)

    assert len(listed) == 4
    assert listed["roles"].tolist()[1:] == [("different",)] * 3


def test_a_space_of_one_gives_a_list_of_one() -> None:
    assert len(short_list(scored(pd.Series(range(SPACE.size))).head(1), 5, 2)) == 1


def test_ties_go_to_the_shorter_training_time_then_to_the_order_of_the_space() -> None:
    seconds = pd.Series(2.0, index=range(SPACE.size))
    seconds.iloc[[70, 40]] = 1.0

    listed = short_list(scored(pd.Series(0.5, index=range(SPACE.size)), seconds), 2, 1)

    assert listed.index[0] == 40


def test_an_average_outside_the_rows_is_left_out() -> None:
    outside = Configuration("ResNet50", "full", 512, 0.3, "adam", 1e-3, 16)

    listed = short_list(scored(pd.Series(range(SPACE.size))), 5, 2, outside.as_dict())

    assert not any("best_on_average" in roles for roles in listed["roles"])


def test_the_best_may_be_best_on_average_too() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    best = configurations(predictions.tail(1))[0]

    listed = short_list(predictions, 5, 2, best.as_dict())

    assert listed["roles"].iloc[0] == ("surrogate_best", "best_on_average")
    assert len(listed) == 5


@pytest.mark.parametrize("shuffle", [1, 2])
def test_the_order_of_distinct_predictions_does_not_matter(shuffle: int) -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    shuffled = predictions.sample(frac=1, random_state=shuffle)

    assert configurations(short_list(predictions, 5, 2)) == configurations(
        short_list(shuffled, 5, 2)
    )
