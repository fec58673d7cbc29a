from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.parameters import MethodName
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.search_space import Configuration
from tests.fabricated import SPACE

ONE_SHOT = [name for name, method in METHODS.items() if not method.asks]


def rng(seed=0):
    return np.random.default_rng(seed)


def configuration(task, position) -> Configuration:
    return Configuration.from_mapping(task.candidates.iloc[position].to_dict())


def test_registry_and_parameters_name_the_same_methods():
    assert tuple(METHODS) == get_args(MethodName)


@pytest.mark.parametrize("name", METHODS)
def test_picks_are_different_candidates(task, name):
    n_picks = METHODS[name].n_listed(task.settings)
    picks = METHODS[name].choose(task, rng(), n_picks)
    assert 1 <= len(picks) <= n_picks
    assert len(set(picks)) == len(picks)
    assert set(picks) <= set(range(len(task.candidates)))


@pytest.mark.parametrize("name", METHODS)
def test_the_first_of_a_list_is_the_pick_alone(task, name):
    method = METHODS[name]
    n_listed = method.n_listed(task.settings)
    assert method.choose(task, rng(), n_listed)[:1] == method.choose(task, rng(), 1)


def test_lists_are_as_long_as_what_is_tried_and_five_where_one_is_kept(task):
    lengths = {name: method.n_listed(task.settings) for name, method in METHODS.items()}
    assert lengths["surrogate"] == lengths["random_pick"] == 5
    assert lengths["short_list"] == task.settings.recommendation.n_candidates
    assert lengths["random_search"] == lengths["bayesian_search"] == 8


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_learns_is_named_so_that_learning_is_no_part_of_its_response(task, name):
    fresh = replace(task, knowledge=Knowledge(task.training, task.settings))
    METHODS[name].choose(fresh, rng(), 5)
    assert set(fresh.knowledge.learned) == {fit.__name__ for fit in METHODS[name].fits}


@pytest.mark.parametrize("name", ONE_SHOT)
def test_one_shot_methods_ask_for_no_outcome(task, name):
    def refuse(position: int) -> float:
        raise AssertionError(f"asked for the outcome of {position}")

    METHODS[name].choose(replace(task, reveal=refuse), rng(), 5)


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(ONE_SHOT)))
def test_searches_ask_once_for_each_trial_they_count(task, name):
    asked = []

    def reveal(position: int) -> float:
        asked.append(position)
        return task.reveal(position)

    picks = METHODS[name].choose(replace(task, reveal=reveal), rng(), 8)
    assert asked == picks


def test_searches_with_one_seed_begin_alike(task):
    n_initial = task.settings.evaluation.n_initial
    bayesian = METHODS["bayesian_search"].choose(task, rng(5), 8)
    random = METHODS["random_search"].choose(task, rng(5), 8)
    assert bayesian[:n_initial] == random[:n_initial]


def test_bayesian_search_learns_from_what_it_saw(task):
    """Told the opposite of the truth, it looks where the trials are bad."""
    opposite = replace(task, reveal=lambda position: 1 - task.reveal(position))

    def mean_score_of_its_choices(told: Task) -> float:
        picks = [METHODS["bayesian_search"].choose(told, rng(seed), 8)[3:] for seed in range(6)]
        return np.mean([task.reveal(position) for position in np.ravel(picks)])

    assert mean_score_of_its_choices(task) > mean_score_of_its_choices(opposite) + 0.05


def test_own_trials_change_what_is_tried_next(task, monkeypatch):
    """Where backbones may be good or bad as a whole, a bad trial speaks against its backbone."""
    first = METHODS["surrogate"].choose(task, rng(), 1)[0]
    same = (task.candidates["backbone"] == task.candidates["backbone"][first]).to_numpy()
    before = task.outlook()
    ways = 0.3 * np.array([same, ~same], dtype=float)
    vague = replace(before, loadings=ways, own=0.01)
    monkeypatch.setattr(Task, "outlook", lambda *_: vague)
    failed = replace(task, reveal=lambda _: 0.0)
    tried = METHODS["own_trials"].choose(failed, rng(), 4)
    assert tried[0] == first
    assert not same[tried[1]]
    # Where the other backbones fail as well, the next best of the first is as good as any.
    assert same[tried[1:]].any()


def test_bayesian_search_tries_all_when_it_may_try_more(task):
    picks = METHODS["bayesian_search"].choose(task, rng(), 1000)
    assert sorted(picks) == list(range(len(task.candidates)))


def test_average_is_the_best_on_average_of_the_other_datasets(task):
    [pick] = METHODS["best_on_average"].choose(task, rng(), 1)
    best = task.training.tried.best(SPACE)
    assert best is not None
    assert configuration(task, pick) == best


def test_average_keeps_to_what_was_recorded_here(task):
    best = METHODS["best_on_average"].choose(task, rng(), 1)[0]
    rest = task.candidates.drop(index=best).reset_index(drop=True)
    fewer = replace(task, candidates=rest)
    [pick] = METHODS["best_on_average"].choose(fewer, rng(), 1)
    second = METHODS["best_on_average"].choose(task, rng(), 2)[1]
    assert configuration(fewer, pick) == configuration(task, second)


def test_neighbour_is_the_most_similar_dataset(task):
    like_it = "fabricated_2"
    features = [name for name in task.candidates if name not in configuration_columns()]
    known = task.training.relative
    theirs = known[known["dataset"] == like_it].reset_index(drop=True)
    twin = replace(task, candidates=task.candidates.assign(**theirs[features].iloc[0].to_dict()))
    [pick] = METHODS["nearest_neighbour"].choose(twin, rng(), 1)
    best = theirs.loc[theirs["relative_score"].idxmax()].to_dict()
    assert configuration(twin, pick) == Configuration.from_mapping(best)


@pytest.mark.parametrize(
    "name",
    [
        "best_on_average",
        "best_by_rank",
        "nearest_neighbour",
        "three_nearest_neighbours",
        "greedy_portfolio",
    ],
)
def test_method_that_knows_no_candidate_says_nothing(task, name):
    strangers = replace(task, candidates=task.candidates.assign(dense_units=4096.0))
    assert METHODS[name].choose(strangers, rng(), 1) == []


def test_short_list_holds_the_surrogates_pick_and_the_best_on_average(task):
    listed = METHODS["short_list"].choose(task, rng(), 5)
    assert len(listed) == 5
    assert set(METHODS["surrogate"].choose(task, rng(), 1)) <= set(listed)
    assert set(METHODS["best_on_average"].choose(task, rng(), 1)) <= set(listed)
