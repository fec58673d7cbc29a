import pytest

from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.grid.search import SearchChain
from metallmix_kedro.search_space import Configuration
from tests.fabricated import SPACE

INITIAL = random_configurations(SPACE, 3, seed=1)
Outcomes = dict[Configuration, dict[str, float | None]]
Proposed = tuple[Configuration, str]


def outcome(configuration: Configuration) -> dict[str, float | None]:
    good = 0.3 * (configuration.backbone == "EfficientNetLite0")
    return {"validation_accuracy": 0.4 + good + 100 * configuration.learning_rate}


def chain(n_trials: int = 3) -> SearchChain:
    return SearchChain(SPACE, INITIAL, n_trials, seed=3)


def measured(configurations: list[Configuration]) -> Outcomes:
    return {configuration: outcome(configuration) for configuration in configurations}


def proposals(search: SearchChain, outcomes: Outcomes) -> list[Proposed]:
    """All that it proposes, each measured before the next."""
    found = []
    while search.n_left:
        assert search.is_ready(outcomes)
        found.append(search.propose(outcomes))
        outcomes[found[-1][0]] = outcome(found[-1][0])
    return found


def test_it_waits_for_all_that_it_has_to_be_told() -> None:
    search, outcomes = chain(), measured(INITIAL[:-1])
    assert not search.is_ready(outcomes)
    outcomes.update(measured(INITIAL))
    assert search.is_ready(outcomes)
    proposed = search.propose(outcomes)[0]
    assert search.n_left == 2
    assert not search.is_ready(outcomes)
    outcomes[proposed] = outcome(proposed)
    assert search.is_ready(outcomes)


@pytest.fixture(scope="module")
def whole() -> list[Proposed]:
    """What a search that nothing disturbs proposes."""
    return proposals(chain(), measured(INITIAL))


def test_a_search_proposes_what_is_new(whole: list[Proposed]) -> None:
    assert len({configuration for configuration, _ in whole} - set(INITIAL)) == 3
    assert {proposer for _, proposer in whole} == {"bayesian"}


def test_the_order_in_which_outcomes_became_known_changes_nothing(whole: list[Proposed]) -> None:
    assert proposals(chain(), measured(INITIAL[::-1])) == whole


def test_trials_it_was_not_told_of_change_nothing(whole: list[Proposed]) -> None:
    others = random_configurations(SPACE, 40, seed=8)
    assert proposals(chain(), measured([*others, *INITIAL])) == whole


def test_a_search_that_was_stopped_goes_on_in_the_middle(whole: list[Proposed]) -> None:
    known = measured([*INITIAL, *(configuration for configuration, _ in whole[:2])])
    assert proposals(chain(), known) == whole


def test_a_failed_trial_counts_as_accuracy_zero(whole: list[Proposed]) -> None:
    failed: Outcomes = {**measured(INITIAL), INITIAL[0]: {"validation_accuracy": None}}
    zero: Outcomes = {**measured(INITIAL), INITIAL[0]: {"validation_accuracy": 0.0}}
    found = proposals(chain(), failed)
    assert found == proposals(chain(), zero)
    assert found != whole


def test_a_search_that_is_told_nothing_first_proposes_all_the_same() -> None:
    search = SearchChain(SPACE, [], 2, seed=3)
    assert len({configuration for configuration, _ in proposals(search, {})}) == 2
