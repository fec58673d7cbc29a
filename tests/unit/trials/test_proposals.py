import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.errors import ParameterError
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.trials.proposals import BayesianSearch, random_configurations
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


def test_an_exhausted_space_is_an_error_that_names_the_parameter() -> None:
    search = BayesianSearch(TINY, seed=0)
    for configuration in random_configurations(TINY, 2, 0):
        search.tell(configuration, 0.5)
    with pytest.raises(ParameterError, match="n_bayesian"):
        search.ask()
