from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.grid.proposals import BayesianSearch, random_by_strategy, random_configurations
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support.errors import ParameterError
from tests.fabricated import SPACE

TINY = SearchSpace(
    backbone=("Xception",),
    strategy=("full",),
    dense_units=(512,),
    dropout=(0.3,),
    optimizer=("adam", "sgd"),
    learning_rate=(1e-3,),
    batch_size=(16,),
)


@given(seed=st.integers(0, 2**31), count=st.integers(1, 60))
def test_random_configurations_differ_and_extend_shorter_lists(seed: int, count: int) -> None:
    drawn = random_configurations(SPACE, count, seed)
    assert len(set(drawn)) == count
    assert all(configuration in SPACE for configuration in drawn)
    assert random_configurations(SPACE, count + 5, seed)[:count] == drawn


def test_no_more_configurations_than_there_are() -> None:
    assert len(random_configurations(TINY, 10, 0)) == 2


COUNTS = st.fixed_dictionaries(
    {strategy: st.integers(0, 12) for strategy in hyperparameter("strategy").ranks}
)


@settings(max_examples=25)
@given(counts=COUNTS, seed=st.integers(0, 2**31))
def test_every_strategy_has_its_count_and_every_backbone_its_share(
    counts: dict[str, int], seed: int
) -> None:
    drawn = random_by_strategy(SPACE, counts, seed, without=())
    assert len(set(drawn)) == len(drawn)
    assert all(configuration in SPACE for configuration in drawn)
    for strategy, count in counts.items():
        backbones = [found.backbone for found in drawn if found.strategy == strategy]
        assert len(backbones) == count
        shares = [Counter(backbones)[backbone] for backbone in SPACE.backbone]
        assert max(shares) - min(shares) <= 1


@settings(max_examples=25)
@given(counts=COUNTS, more=COUNTS, seed=st.integers(0, 1000))
def test_a_longer_draw_begins_with_a_shorter_one(
    counts: dict[str, int], more: dict[str, int], seed: int
) -> None:
    longer = {strategy: counts[strategy] + more[strategy] for strategy in counts}
    shorter_drawn = random_by_strategy(SPACE, counts, seed, without=())
    longer_drawn = random_by_strategy(SPACE, longer, seed, without=())
    for strategy, count in counts.items():
        first = [found for found in shorter_drawn if found.strategy == strategy]
        assert [found for found in longer_drawn if found.strategy == strategy][:count] == first


def test_the_backbones_of_a_strategy_come_in_turn() -> None:
    drawn = random_by_strategy(SPACE, {"last_10": 30}, 4, without=())
    turns = [tuple(found.backbone for found in drawn[i : i + 3]) for i in range(0, 30, 3)]
    assert all(set(turn) == set(SPACE.backbone) for turn in turns)
    assert len(set(turns)) > 1


def test_what_is_measured_already_is_not_drawn_again() -> None:
    counts = {"feature_extraction": 10, "full": 10}
    first = random_by_strategy(SPACE, counts, 4, without=())
    again = random_by_strategy(SPACE, counts, 4, without=first)
    assert len(again) == 20
    assert not set(first) & set(again)


def test_a_strategy_gives_no_more_than_the_space_has() -> None:
    drawn = random_by_strategy(TINY, {"feature_extraction": 3, "full": 5}, 0, without=())
    assert sorted(drawn) == sorted(random_configurations(TINY, 2, 0))


def truth(configuration: Configuration) -> float:
    good_backbone = 0.3 * (configuration.backbone == "EfficientNetLite0")
    return 0.4 + good_backbone + 0.2 * (configuration.learning_rate == 1e-3)


def searched(n_known: int, n_asked: int) -> list[Configuration]:
    search = BayesianSearch(SPACE, seed=3)
    for configuration in random_configurations(SPACE, n_known, 1):
        search.tell(configuration, truth(configuration))
    proposals = []
    for _ in range(n_asked):
        configuration, proposer = search.ask()
        assert proposer == "bayesian"
        search.tell(configuration, truth(configuration))
        proposals.append(configuration)
    return proposals


def test_bayesian_search_repeats_and_finds_what_is_good() -> None:
    proposals = searched(12, 4)
    assert proposals == searched(12, 4)
    assert not set(proposals) & set(random_configurations(SPACE, 12, 1))
    assert max(map(truth, proposals)) == pytest.approx(0.9)


def test_bayesian_search_proposes_python_numbers() -> None:
    (configuration,) = searched(5, 1)
    assert type(configuration.dense_units) is int
    assert type(configuration.learning_rate) is float
    assert type(configuration.backbone) is str


@pytest.mark.filterwarnings("error:The objective has been evaluated")
def test_an_exhausted_space_is_an_error_that_names_the_parameter() -> None:
    search = BayesianSearch(TINY, seed=0)
    for configuration in random_configurations(TINY, 2, 0):
        search.tell(configuration, 0.5)
    with pytest.raises(ParameterError, match="n_bayesian"):
        search.ask()
