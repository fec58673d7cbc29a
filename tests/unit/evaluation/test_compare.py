from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.errors import MissingExtraError
from metallmix_kedro.evaluation import bayesian
from metallmix_kedro.evaluation.compare import OUTCOME_COLUMNS, compare_methods
from metallmix_kedro.evaluation.methods import METHODS
from metallmix_kedro.evaluation.replay import replay_tables
from metallmix_kedro.evaluation.task import Settings, Task
from metallmix_kedro.history import METRICS, SCORE, TIMES

ONE_SHOT = ["surrogate", "best_on_average", "nearest_neighbour", "random_pick"]
LEFT_OUT = "fabricated_1"


def picked(comparison, dataset=LEFT_OUT):
    outcomes = comparison.outcomes
    rows = outcomes[(outcomes["dataset"] == dataset) & outcomes["method"].isin(ONE_SHOT)]
    return rows.set_index(["method", "seed"])["trial_id"]


def listed(history, settings):
    """The short list for the left-out dataset, before any of it is tried."""
    tables, _ = replay_tables(history, "measured", 5)
    table = next(table for table in tables if table.dataset == LEFT_OUT)
    task = Task.leaving_out(history, table, settings)
    return METHODS["short_list"].choose(task, np.random.default_rng(0), 5)


@pytest.fixture(scope="module")
def one_shot(settings) -> Settings:
    evaluation = settings.evaluation.model_copy(update={"methods": tuple(ONE_SHOT)})
    return replace(settings, evaluation=evaluation)


def test_every_method_has_an_outcome_for_every_dataset_and_seed(comparison, settings):
    assert tuple(comparison.outcomes.columns) == OUTCOME_COLUMNS
    counts = comparison.outcomes.groupby(["dataset", "method"]).size().unstack()
    assert len(counts) == 4
    assert set(counts["random_search"]) == {settings.evaluation.n_random_seeds}
    assert set(counts["bayesian_search"]) == {settings.evaluation.n_bayesian_seeds}
    assert set(counts["surrogate"]) == {1}


def test_same_inputs_same_outcomes(comparison, shared_history, settings):
    again = compare_methods(shared_history, settings)
    pd.testing.assert_frame_equal(again.outcomes, comparison.outcomes)
    pd.testing.assert_frame_equal(again.anytime, comparison.anytime)


def test_order_of_the_rows_does_not_matter(comparison, shared_history, one_shot):
    shuffled = shared_history.sample(frac=1, random_state=1, ignore_index=True)
    assert picked(compare_methods(shuffled, one_shot)).equals(picked(comparison))


@pytest.mark.parametrize("planted", [0.0, 1.0])
def test_outcomes_of_the_left_out_dataset_change_no_pick(
    comparison, shared_history, one_shot, planted
):
    """Extreme scores and times, other hashes, and a published twin: the picks stay the same."""
    history = shared_history.copy()
    ours = history.index[history["dataset"] == LEFT_OUT]
    favourite = history.loc[ours, "trial_id"].min()
    marked = np.where(history.loc[ours, "trial_id"] == favourite, planted, 1 - planted)
    for metric in METRICS:
        history.loc[ours, metric] = marked
    for column in TIMES:
        history.loc[ours, column] = 1e6 * (1 + marked)
    history.loc[ours, ["data_hash", "device", "proposer"]] = "planted"
    twin = history.loc[ours].assign(
        trial_id="published-" + history.loc[ours, "trial_id"], source="published"
    )
    planted_in = pd.concat([history, twin], ignore_index=True)
    assert picked(compare_methods(planted_in, one_shot)).equals(picked(comparison))
    assert listed(planted_in, one_shot) == listed(shared_history, one_shot)


def test_outcomes_of_another_dataset_do_change_picks(comparison, shared_history, one_shot):
    """The test above could not fail if nothing ever changed a pick."""
    history = shared_history.copy()
    others = history["dataset"] != LEFT_OUT
    history.loc[others, SCORE] = 1 - history.loc[others, SCORE]
    assert not picked(compare_methods(history, one_shot)).equals(picked(comparison))
    assert listed(history, one_shot) != listed(shared_history, one_shot)


def test_search_time_is_the_time_of_the_trials_that_were_run(comparison, shared_history, settings):
    times = shared_history.set_index("trial_id")["training_time_s"]
    by_method = comparison.outcomes.groupby("method")
    assert (by_method.get_group("surrogate")["search_time_s"] == 0).all()
    assert (by_method.get_group("surrogate")["n_trials"] == 0).all()
    searched = by_method.get_group("random_search")
    assert (searched["n_trials"] == settings.evaluation.n_trials).all()
    own = searched["trial_id"].map(times)
    assert (searched["training_time_s"] == own.to_numpy()).all()
    assert (searched["search_time_s"] > own.to_numpy()).all()
    everything = times.groupby(shared_history.set_index("trial_id")["dataset"]).sum()
    assert (searched["search_time_s"] < searched["dataset"].map(everything)).all()


def test_anytime_regret_only_falls_and_ends_at_the_outcome(comparison):
    for key, path in comparison.anytime.groupby(["dataset", "method"]):
        assert (np.diff(path["regret"]) <= 1e-12).all()
        ends = comparison.outcomes.set_index(["dataset", "method"]).loc[[key], "regret"]
        assert path["regret"].iloc[-1] == pytest.approx(ends.mean())


def test_first_picks_learn_from_shared_configurations(comparison):
    means = comparison.outcomes.groupby("method")["regret"].mean()
    assert means["surrogate"] < means["random_pick"]
    assert means["best_on_average"] < means["random_pick"]
    assert means["bayesian_search"] < means["random_pick"]


def test_uninformed_methods_pick_at_random_and_are_named(shared_history, settings):
    history = shared_history.copy()
    # Dense units that no other dataset has: no configuration is shared.
    history["dense_units"] += history["dataset"].str[-1].astype(float)
    found = compare_methods(history, settings)
    assert set(found.uninformed) == {"best_on_average", "nearest_neighbour"}
    assert len(found.uninformed["best_on_average"]) == 4
    assert found.outcomes["trial_id"].notna().all()


def test_history_without_times_is_compared_by_score_alone(shared_history, settings):
    history = shared_history.assign(source="imported")
    history.loc[history["dataset"] == LEFT_OUT, list(TIMES)] = np.nan
    imported = settings.evaluation.model_copy(update={"source": "imported"})
    found = compare_methods(history, replace(settings, evaluation=imported)).outcomes
    ours = found[found["dataset"] == LEFT_OUT]
    assert ours["regret"].notna().all()
    assert ours["training_time_s"].isna().all()


def test_missing_scikit_learn_is_named_with_its_extra(shared_history, settings, monkeypatch):
    def absent(module: str, extra: str) -> None:
        raise MissingExtraError(module, extra)

    monkeypatch.setattr(bayesian, "require", absent)
    with pytest.raises(MissingExtraError, match=r"\[learn\]"):
        compare_methods(shared_history, settings)
