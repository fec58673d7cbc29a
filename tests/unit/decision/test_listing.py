import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.decision.listing import short_list
from metallmix_kedro.declared import titled
from metallmix_kedro.search_space import Configuration
from tests.fabricated import SPACE


def scored(scores: pd.Series, seconds: float | pd.Series = 1.0) -> pd.DataFrame:
    return SPACE.frame().assign(relative_score=scores, training_time_s=seconds)


def configurations(listed: pd.DataFrame) -> list[Configuration]:
    return [Configuration.from_mapping(row) for row in listed.to_dict("records")]


RANDOM_SCORES = st.integers(0, 2**32 - 1).map(
    lambda seed: pd.Series(range(SPACE.size)).sample(frac=1, random_state=seed, ignore_index=True)
)


@given(
    scores=RANDOM_SCORES,
    n_candidates=st.integers(2, 8),
    average=st.integers(0, SPACE.size - 1),
)
@settings(max_examples=40, deadline=None)
def test_the_list_begins_with_the_best_and_holds_the_average_and_no_title_twice(
    scores: pd.Series, n_candidates: int, average: int
) -> None:
    predictions = scored(scores / SPACE.size)
    on_average = configurations(predictions.iloc[[average]])[0]

    listed = short_list(predictions, n_candidates, on_average.as_dict())

    chosen = configurations(listed)
    assert len(set(chosen)) == len(chosen) == n_candidates
    assert chosen[0] == configurations(predictions.loc[[scores.idxmax()]])[0]
    assert listed["roles"].iloc[0][0] == "surrogate_best"
    assert "best_on_average" in listed["roles"].iloc[chosen.index(on_average)]
    own = listed[["best_on_average" not in roles for roles in listed["roles"]]]
    assert not own.duplicated(list(titled())).any()
    assert own["relative_score"].is_monotonic_decreasing


def test_each_is_the_best_of_its_title() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    listed = short_list(predictions, 3)
    best = predictions.groupby(list(titled()))["relative_score"].idxmax().sort_values()
    assert listed.index.tolist() == best.tolist()[::-1][:3]
    assert listed["roles"].tolist() == [("surrogate_best",), ("different",), ("different",)]


def test_where_titles_are_few_the_next_best_of_all_follow() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    same = predictions[(predictions[list(titled())] == predictions[list(titled())].iloc[-1]).all(1)]
    assert short_list(same, 3).index.tolist() == same.index[::-1][:3].tolist()


def test_after_trials_the_expected_gain_ranks() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    predictions["gain"] = 0.0
    predictions.loc[7, "gain"] = 0.1
    listed = short_list(predictions, 2)
    assert listed.index[0] == 7
    assert listed["roles"].iloc[0] == ("most_promising",)


def test_a_space_of_one_gives_a_list_of_one() -> None:
    one = scored(pd.Series(range(SPACE.size))).head(1)
    assert len(short_list(one, 5, configurations(one)[0].as_dict())) == 1


def test_ties_go_to_the_shorter_training_time_then_to_the_order_of_the_space() -> None:
    seconds = pd.Series(2.0, index=range(SPACE.size))
    seconds.iloc[[200, 40]] = 1.0
    predictions = scored(pd.Series(0.5, index=range(SPACE.size)), seconds)
    assert short_list(predictions, 3).index.tolist()[:2] == [40, 200]


def test_an_average_outside_the_rows_is_left_out() -> None:
    outside = Configuration.of("ResNet50", "full", 512, 0.3, "adam", 1e-3, 16)
    listed = short_list(scored(pd.Series(range(SPACE.size))), 5, outside.as_dict())
    assert not any("best_on_average" in roles for roles in listed["roles"])


def test_the_best_may_be_best_on_average_too() -> None:
    predictions = scored(pd.Series(range(SPACE.size)))
    best = configurations(predictions.tail(1))[0]
    listed = short_list(predictions, 5, best.as_dict())
    assert listed["roles"].iloc[0] == ("surrogate_best", "best_on_average")
    assert len(listed) == 5
