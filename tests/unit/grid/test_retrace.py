import logging

import pytest
from kedro.config import OmegaConfigLoader

from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.grid.retrace import retrace_searches
from metallmix_kedro.grid.search import SearchChain
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from tests.fabricated import SPACE
from tests.made_history import made_history
from tests.workspace import PROJECT

N_RANDOM, N_INITIAL, N_BAYESIAN = 6, 3, 4


def parameters(**changes):
    loader = OmegaConfigLoader(conf_source=str(PROJECT / "conf"), **CONFIG_LOADER_ARGS)
    counts = {"n_random": N_RANDOM, "n_initial": N_INITIAL, "n_bayesian": N_BAYESIAN, "seed": 3}
    return ExperimentGridParameters.model_validate(
        {**loader["parameters"]["experiment_grid"], **counts, **changes}
    )


DRAWN = random_configurations(SPACE, N_RANDOM, 3)


def trial(configuration, proposer, dataset="d", **others):
    accuracy = 0.3 + 200 * configuration.learning_rate + configuration.dropout / 7
    return {
        **configuration.as_dict(),
        "dataset": dataset,
        "trial_id": f"{dataset}-{configuration.id}",
        "proposer": proposer,
        "test_accuracy": accuracy,
        "validation_accuracy": accuracy,
        **others,
    }


def random_trials(dataset="d"):
    return [trial(one, "random", dataset) for one in DRAWN]


def failed(row):
    return {**row, "status": "failed", "test_accuracy": None, "validation_accuracy": None}


def shuffled(rows):
    return made_history(rows).sample(frac=1, random_state=0)


def ids(configurations, dataset="d"):
    return [f"{dataset}-{one.id}" for one in configurations]


def test_random_search_is_told_in_the_order_drawn():
    history = shuffled(random_trials("a") + random_trials("b"))
    found = retrace_searches(history, SPACE, parameters())
    assert set(found) == {"a/random_search", "b/random_search"}  # no Bayesian trial: no search
    assert found["b/random_search"] == {
        "dataset": "b", "search": "random_search", "trial_ids": ids(DRAWN, "b"),
    }  # fmt: skip


def test_of_a_grid_that_was_stopped_the_measured_trials_are_told():
    history = shuffled(random_trials()[:4])
    found = retrace_searches(history, SPACE, parameters())
    assert found["d/random_search"]["trial_ids"] == ids(DRAWN[:4])


def test_what_was_drawn_and_measured_for_another_reason_is_no_search():
    assert retrace_searches(shuffled(random_trials()[1:]), SPACE, parameters()) == {}


def searched(rows):
    """Let a search propose, as the grid does, and measure what is not there yet."""
    outcomes = {}
    for row, configuration in zip(rows, DRAWN, strict=True):
        outcomes[configuration] = row
    chain = SearchChain(SPACE, DRAWN[:N_INITIAL], N_BAYESIAN, 3)
    tried = list(DRAWN[:N_INITIAL])
    while chain.n_left:
        configuration, proposer = chain.propose(outcomes)
        tried.append(configuration)
        if configuration not in outcomes:
            outcomes[configuration] = trial(configuration, proposer)
    return outcomes, tried


def test_bayesian_optimisation_is_retraced_also_where_it_met_a_failed_or_a_known_trial():
    pytest.importorskip("skopt")
    rows = random_trials()
    rows[1] = failed(rows[1])
    outcomes, tried = searched(rows)
    # One of its proposals was measured by somebody else before, and has another proposer.
    outcomes[tried[4]] = {**outcomes[tried[4]], "proposer": "random_by_strategy"}
    history = shuffled(list(outcomes.values()))
    found = retrace_searches(history, SPACE, parameters())
    assert found["d/bayesian_search"]["trial_ids"] == ids(tried)
    assert len(tried) == N_INITIAL + N_BAYESIAN


def test_a_search_that_has_not_ended_is_told_as_far_as_it_got(caplog):
    pytest.importorskip("skopt")
    outcomes, tried = searched(random_trials())
    history = shuffled([row for one, row in outcomes.items() if one != tried[-1]])
    with caplog.at_level(logging.WARNING):
        found = retrace_searches(history, SPACE, parameters())
    assert found["d/bayesian_search"]["trial_ids"] == ids(tried[:-1])
    assert "trial 6 of 7" in caplog.text


def test_other_parameters_than_it_was_measured_with_are_noticed(caplog):
    guided = trial(random_configurations(SPACE, 40, 9)[-1], "bayesian")
    with caplog.at_level(logging.WARNING):
        found = retrace_searches(shuffled([guided]), SPACE, parameters(seed=8))
    assert found == {}
    assert "cannot be retraced" in caplog.text


def test_trials_of_another_setting_or_source_do_not_count():
    own = [{**row, "image_size": 96.0} for row in random_trials()]
    other = [
        {**row, "image_size": 128.0, "trial_id": f"old-{number}"}
        for number, row in enumerate(random_trials()[:2])
    ]
    paper = {"source": "published", "trial_id": "paper", "test_accuracy": 1.0}
    found = retrace_searches(shuffled([*other, *own, paper]), SPACE, parameters())
    assert found["d/random_search"]["trial_ids"] == ids(DRAWN)


def test_a_history_without_measured_trials_has_no_search():
    assert retrace_searches(made_history([]), SPACE, parameters()) == {}
