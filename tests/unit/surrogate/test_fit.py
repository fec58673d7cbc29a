import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.relative import add_relative_score
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.surrogate import fit
from metallmix_kedro.surrogate.fit import (
    errors_on_hidden_backbones,
    fit_surrogate,
    fit_without,
    make_folds,
)
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.point import fit_point_model, trial_weights
from metallmix_kedro.surrogate.residuals import errors_on
from tests.fabricated import fabricate_history
from tests.unit.surrogate.conftest import published_twin


def stored(surrogate):
    score_model, time_model, card = surrogate.artifacts()
    return bytes(score_model.save_raw("json")), bytes(time_model.save_raw("json")), card


def test_the_same_inputs_give_the_same_bytes_on_any_number_of_threads(history, parameters):
    once = stored(fit_surrogate(history, parameters, seed=3))
    assert stored(fit_surrogate(history, parameters, seed=3)) == once
    threads = parameters.model_copy(update={"n_threads": 4})
    assert stored(fit_surrogate(history, threads, seed=3))[:2] == once[:2]


def test_another_seed_gives_other_trees(history, parameters):
    once, other = (stored(fit_surrogate(history, parameters, seed)) for seed in (3, 4))
    assert once[0] != other[0]


def test_the_index_of_the_history_does_not_matter(history, parameters):
    doubled = history.set_axis([0] * len(history))
    expected = stored(fit_surrogate(history, parameters, seed=3))
    assert stored(fit_surrogate(doubled, parameters, seed=3)) == expected


def test_a_history_from_before_sizes_were_told_is_enough(history, parameters):
    before = history.drop(columns=["level", "n_train"])
    expected = stored(fit_surrogate(history, parameters, seed=3))
    assert stored(fit_surrogate(before, parameters, seed=3)) == expected


def test_one_dataset_is_too_few(history, parameters):
    with pytest.raises(InputError, match=r"1 dataset\(s\) \(fabricated_2\).*experiment_grid"):
        fit_surrogate(history[history["dataset"] == "fabricated_2"], parameters, seed=0)


def test_failed_trials_teach_nothing(history, parameters):
    failed = history.head(20).assign(status="failed", trial_id=lambda t: "x" + t["trial_id"])
    failed["backbone"] = "NeverFinished"
    expected = stored(fit_surrogate(history, parameters, seed=3))
    joined = pd.concat([history, failed], ignore_index=True)
    assert stored(fit_surrogate(joined, parameters, seed=3)) == expected


def test_published_outcomes_teach_by_their_weight(history, parameters):
    joined = pd.concat([history, published_twin(history, "fabricated_1")], ignore_index=True)
    alone = stored(fit_surrogate(history, parameters, seed=3))
    without = parameters.model_copy(update={"published_weight": 0.0})
    assert stored(fit_surrogate(joined, without, seed=3))[0] == alone[0]
    assert stored(fit_surrogate(joined, parameters, seed=3))[0] != alone[0]


def test_a_history_without_times_says_so_by_missing_times(history, parameters):
    surrogate = fit_surrogate(history.assign(training_time_s=np.nan), parameters, seed=0)
    predicted = surrogate.predict(history)
    assert predicted.filter(like="training_time").isna().all(axis=None)
    assert predicted.filter(like="score").notna().all(axis=None)
    assert surrogate.card.calibration.widths["none"]["log_training_time"] is None


def test_datasets_weigh_alike_and_tiny_ones_less(history):
    large = pd.concat([history, *[history.query("dataset == 'fabricated_0'")] * 9])
    tiny = history.query("dataset != 'fabricated_1'")
    tiny = pd.concat([tiny, history.query("dataset == 'fabricated_1'").head(2)])
    sums = trial_weights(large, 0.2).groupby(large["dataset"]).sum()
    np.testing.assert_allclose(sums, sums.iloc[0])
    weights = trial_weights(tiny, 0.2).groupby(tiny["dataset"]).mean()
    np.testing.assert_allclose(weights, 1.0)


def test_few_datasets_are_left_out_one_by_one_and_many_together():
    trials = add_relative_score(with_score(fabricate_history(7, 3), "accuracy"))
    names = set(trials["dataset"])
    alone = make_folds(trials, MetaLearningParameters(), at_least=2)
    assert sorted(map(tuple, alone)) == sorted((name,) for name in names)
    together = make_folds(trials, MetaLearningParameters(max_folds=3), at_least=2)
    assert [len(fold) for fold in together] == [3, 2, 2]
    assert set().union(*together) == names


def test_datasets_that_share_images_are_left_out_together():
    trials = add_relative_score(with_score(fabricate_history(5, 3), "accuracy"))
    groups = [["fabricated_0", "fabricated_3", "never measured"]]
    folds = make_folds(trials, MetaLearningParameters(overlapping=groups), at_least=2)
    alone = [{f"fabricated_{number}"} for number in (1, 2, 4)]
    assert list(map(set, folds)) == [{"fabricated_0", "fabricated_3"}, *alone]


def test_hidden_backbones_are_predicted_without_a_trial_of_theirs(history, parameters, monkeypatch):
    trials = add_relative_score(history)
    folds = make_folds(trials, parameters, 2)
    seen = []

    def note(trials, parameters, seed, without, **options):
        seen.append((set(trials["dataset"]) - without, set(trials["backbone"])))
        return fit_point_model(trials, parameters, seed, without, **options)

    monkeypatch.setattr(fit, "fit_point_model", note)
    errors = errors_on_hidden_backbones(trials, folds, parameters, seed=1)
    assert len(seen) == len(folds)
    for datasets, backbones in seen:
        assert len(datasets) == len(folds) - 1
        assert len(backbones) == 2
    predicted = trials.loc[errors["none"].index]
    assert predicted.groupby("dataset")["backbone"].nunique().eq(1).all()
    assert predicted["backbone"].nunique() == 3


def test_with_two_backbones_none_is_hidden(history, parameters):
    trials = add_relative_score(history)
    trials = trials[trials["backbone"] != "Xception"]
    folds = make_folds(trials, parameters, 2)
    assert errors_on_hidden_backbones(trials, folds, parameters, seed=1) == {}


def test_leaving_datasets_out_is_as_if_they_had_never_been(history, parameters):
    trials = add_relative_score(history)
    # A value that only the left-out dataset knows must not be known either.
    trials.loc[trials["dataset"] == "fabricated_1", ["backbone", "modality"]] = ["Only", "there"]
    gone = frozenset({"fabricated_1", "fabricated_3"})
    left_in = trials[~trials["dataset"].isin(gone)]

    without = fit_point_model(trials, parameters, 3, gone)
    clean = fit_point_model(left_in.reset_index(drop=True), parameters, 3)

    for model in ("score_model", "time_model"):
        assert getattr(without, model).save_raw("json") == getattr(clean, model).save_raw("json")
    for part in ("encoder", "score_scale", "device_scale"):
        assert getattr(without, part) == getattr(clean, part)


def test_intervals_of_many_trials_are_calibrated_on_a_draw_of_each_dataset(history, parameters):
    trials = add_relative_score(history)
    few = parameters.model_copy(update={"max_trials": 100})
    folds = make_folds(trials, parameters, at_least=2)
    models = fit_without(trials, folds, few, 0)

    drawn = errors_on(trials, models, few, seed=0)["none"]
    every = errors_on(trials, models, parameters, seed=0)["none"]

    # Of twenty trials a dataset, and of all of them, the five that would be recommended.
    assert drawn["dataset"].value_counts().tolist() == [5] * 5
    assert every["dataset"].value_counts().tolist() == [5] * 5
    both = drawn.index.intersection(every.index)
    pd.testing.assert_frame_equal(drawn.loc[both], every.loc[both])
