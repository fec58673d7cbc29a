from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.compare import compare_methods
from metallmix_kedro.evaluation.methods import bayesian
from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.outcomes import OUTCOME_COLUMNS
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.history import TIMES, History
from metallmix_kedro.support.errors import ArtifactError, MissingExtraError, ParameterError
from metallmix_kedro.surrogate.point import fit_point_model

ONE_SHOT = [name for name in METHODS if not name.endswith("_search")]
LEFT_OUT = "fabricated_1"


def picked(comparison, dataset=LEFT_OUT):
    outcomes = comparison.outcomes
    ours = outcomes["method"].isin(ONE_SHOT) & (outcomes["protocol"] == MAIN)
    rows = outcomes[(outcomes["dataset"] == dataset) & ours]
    return rows.set_index(["method", "seed"])["trial_id"]


@pytest.fixture(scope="module")
def one_shot(settings) -> Settings:
    only = {"methods": tuple(ONE_SHOT), "protocols": (MAIN,)}
    evaluation = settings.evaluation.model_copy(update=only)
    return replace(settings, evaluation=evaluation)


def test_every_method_has_an_outcome_for_every_dataset_and_seed(comparison, settings):
    assert tuple(comparison.outcomes.columns) == OUTCOME_COLUMNS
    counts = comparison.under(MAIN).groupby(["dataset", "method"]).size().unstack()
    assert len(counts) == 4
    assert set(counts) == set(METHODS)
    assert set(counts["random_search"]) == {settings.evaluation.n_random_seeds}
    assert set(counts["bayesian_search"]) == {settings.evaluation.n_bayesian_seeds}
    assert set(counts["surrogate"]) == {1}


def test_same_inputs_same_outcomes(comparison, shared_history, settings, probes):
    again = compare_methods(History(shared_history), settings, probes)
    pd.testing.assert_frame_equal(again.outcomes, comparison.outcomes)
    pd.testing.assert_frame_equal(again.anytime, comparison.anytime)


def test_order_of_the_rows_does_not_matter(comparison, shared_history, one_shot, probes):
    shuffled = shared_history.sample(frac=1, random_state=1, ignore_index=True)
    assert picked(compare_methods(History(shuffled), one_shot, probes)).equals(picked(comparison))


def test_search_time_is_the_time_of_the_trials_that_were_run(comparison, shared_history, settings):
    times = shared_history.set_index("trial_id")["training_time_s"]
    by_method = comparison.under(MAIN).groupby("method")
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
        ends = comparison.under(MAIN).set_index(["dataset", "method"]).loc[[key], "regret"]
        assert path["regret"].iloc[-1] == pytest.approx(ends.mean())


def test_first_picks_learn_from_shared_configurations(comparison):
    means = comparison.under(MAIN).groupby("method")["regret"].mean()
    assert means["surrogate"] < means["random_pick"]
    assert means["best_on_average"] < means["random_pick"]
    assert means["bayesian_search"] < means["random_pick"]


def test_uninformed_methods_pick_at_random_and_are_named(shared_history, settings):
    history = shared_history.copy()
    # Dense units that no other dataset has: no configuration is shared.
    history["dense_units"] += history["dataset"].str[-1].astype(float)
    found = compare_methods(History(history), settings)
    by_averages = {"best_on_average", "best_by_rank", "greedy_portfolio"}
    by_neighbours = {"nearest_neighbour", "three_nearest_neighbours"}
    for protocol in settings.evaluation.protocols:
        assert set(found.uninformed[protocol]) == by_averages | by_neighbours
        assert len(found.uninformed[protocol]["best_on_average"]) == 4
    assert found.outcomes["trial_id"].notna().all()


def test_the_best_of_five_is_among_the_first_five_of_a_list(comparison, shared_history, settings):
    outcomes = comparison.under(MAIN)
    listed = outcomes[outcomes["n_trials"] == 0]
    assert (listed["regret_of_five"] <= listed["regret"]).all()
    short = outcomes[outcomes["method"] == "short_list"]
    assert (short["regret_of_five"] == short["regret"]).all()
    searched = comparison.anytime[comparison.anytime["method"] == "random_search"]
    after_five = searched[searched["n_trials"] == 5].set_index("dataset")["regret"]
    found = outcomes[outcomes["method"] == "random_search"].groupby("dataset")["regret_of_five"]
    assert found.mean().to_dict() == pytest.approx(after_five.to_dict())


def test_methods_that_do_not_learn_run_under_the_main_protocol_alone(comparison):
    methods = comparison.outcomes.groupby("protocol")["method"].unique().map(set)
    repeated = {"random_pick", "random_search", "bayesian_search"}
    assert methods[MAIN] == set(METHODS)
    assert methods["leave_one_modality_out"] == set(METHODS) - repeated


def test_what_is_the_same_left_out_is_learned_once(shared_history, settings, monkeypatch):
    fitted = []

    def count(training, parameters, seed):
        fitted.append(set(training["dataset"]))
        return fit_point_model(training, parameters, seed)

    monkeypatch.setattr("metallmix_kedro.evaluation.protocols.task.fit_point_model", count)
    modalities = ("CT", "CT", "MRI", "US")
    by_name = {f"fabricated_{number}": name for number, name in enumerate(modalities)}
    history = shared_history.assign(modality=shared_history["dataset"].map(by_name))
    only = {
        "methods": ("surrogate", "short_list"),
        "protocols": (MAIN, "leave_one_modality_out"),
    }
    few = replace(settings, evaluation=settings.evaluation.model_copy(update=only))
    compare_methods(History(history), few)
    # Each dataset alone, and the two of CT together; MRI and US are one dataset each.
    assert len(fitted) == 4 + 1
    assert fitted.count({"fabricated_2", "fabricated_3"}) == 1


def test_without_probes_logme_is_not_run_and_said_to_be(shared_history, settings, probes):
    only = {"methods": ("surrogate", "transferability"), "protocols": (MAIN,)}
    few = replace(settings, evaluation=settings.evaluation.model_copy(update=only))
    some = probes[probes["dataset"] != LEFT_OUT]
    found = compare_methods(History(shared_history), few, some)
    assert found.not_run == {MAIN: {"transferability": {LEFT_OUT: "no probes of this dataset"}}}
    assert set(found.under(MAIN)["method"]) == {"surrogate"}
    assert found.outcomes["method"].value_counts()["transferability"] == 3


def test_history_without_times_is_compared_by_score_alone(shared_history, settings):
    history = shared_history.assign(source="imported")
    history.loc[history["dataset"] == LEFT_OUT, list(TIMES)] = np.nan
    imported = settings.evaluation.model_copy(update={"source": "imported"})
    found = compare_methods(History(history), replace(settings, evaluation=imported)).outcomes
    ours = found[found["dataset"] == LEFT_OUT]
    assert ours["regret"].notna().all()
    assert ours["training_time_s"].isna().all()


def test_missing_scikit_learn_is_named_with_its_extra(shared_history, settings, monkeypatch):
    def absent(module: str, extra: str) -> None:
        raise MissingExtraError(module, extra)

    monkeypatch.setattr(bayesian, "require", absent)
    with pytest.raises(MissingExtraError, match=r"\[learn\]"):
        compare_methods(History(shared_history), settings)


def test_names_of_one_set_of_images_alone_leave_nothing_to_learn_from(shared_history, one_shot):
    with pytest.raises(ArtifactError, match=r"Only 0 datasets.*fabricated_0: what remains"):
        compare_methods(History(shared_history.assign(data_hash="abc")), one_shot)


def test_what_is_held_back_is_neither_scored_nor_learned_from(shared_history, settings):
    only = {"methods": ("best_on_average",), "protocols": (MAIN,), "min_trials": 5}
    five = pd.concat(
        [
            shared_history,
            shared_history[shared_history["dataset"] == LEFT_OUT].assign(
                dataset="five", data_hash="five", score=1 - shared_history["score"]
            ),
        ],
        ignore_index=True,
    )

    def outcomes(history, **more):
        asked = settings.evaluation.model_copy(update={**only, **more})
        return compare_methods(History(history), replace(settings, evaluation=asked)).outcomes

    without = outcomes(five, held_back=("five",))
    pd.testing.assert_frame_equal(without, outcomes(shared_history))
    assert not without["regret"].equals(outcomes(five)["regret"].head(len(without)))
    three = [name for name in shared_history["dataset"].unique() if name != LEFT_OUT]
    some = outcomes(shared_history, targets=tuple(three))
    expected = without[without["dataset"] != LEFT_OUT].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected)
    with pytest.raises(ParameterError, match=r"evaluation.targets names nobody"):
        outcomes(shared_history, targets=("nobody", *three))
