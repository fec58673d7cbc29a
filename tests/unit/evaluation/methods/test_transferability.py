from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.methods.transferability import by_logme, no_logme, value_effects
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge
from metallmix_kedro.history import History

LOGME = {"MobileNetV2_0.35": 0.3, "Xception": 0.9, "EfficientNetLite0": 0.5}


def with_logme(task, values):
    ours = task.probes["dataset"] == task.dataset
    logme = task.probes["backbone"].map(values)
    return replace(task, probes=task.probes.assign(logme=logme.where(ours, 99.0)))


def chosen(task, n_picks):
    return by_logme(task, np.random.default_rng(0), n_picks)


def test_backbones_come_in_the_order_of_the_targets_logme_and_take_turns(task):
    ours = with_logme(task, LOGME)
    names = ours.candidates["backbone"].loc[chosen(ours, 5)].tolist()
    order = ["Xception", "EfficientNetLite0", "MobileNetV2_0.35"]
    assert names == [*order, *order[:2]]


def test_the_rest_is_what_is_best_on_average_with_that_backbone(task):
    ours = with_logme(task, LOGME)
    averages = known_averages(ours)
    best = averages.index[averages["backbone"] == "Xception"]
    first, _, _, fourth = chosen(ours, 4)
    assert [first, fourth] == best[:2].tolist()


def test_a_backbone_that_training_never_saw_is_taken_by_the_effects_of_other_values(
    task, shared_history
):
    others = History(shared_history[shared_history["backbone"] != "Xception"])
    knowledge = Knowledge(others.without(frozenset([task.dataset])), task.settings)
    ours = replace(with_logme(task, LOGME), knowledge=knowledge)
    [pick] = chosen(ours, 1)
    assert ours.candidates["backbone"][pick] == "Xception"
    effects = value_effects(knowledge.training, task.settings)
    candidates = ours.candidates[ours.candidates["backbone"] == "Xception"]
    sums = sum(candidates[name].map(effects[name]) for name in effects)
    assert sums[pick] == pytest.approx(sums.max())
    assert candidates["learning_rate"][pick] == pytest.approx(effects["learning_rate"].idxmax())


def test_effects_are_means_over_datasets_about_their_own_mean(task):
    effects = value_effects(task.training, task.settings)
    by_dataset = task.training.relative.groupby(["optimizer", "dataset"])["relative_score"].mean()
    means = by_dataset.groupby("optimizer").mean()
    assert effects["optimizer"].to_dict() == pytest.approx((means - means.mean()).to_dict())
    assert set(effects) == {
        "strategy", "dense_units", "dropout", "optimizer", "learning_rate", "batch_size"
    }  # fmt: skip


def test_probes_under_another_name_of_the_same_images_count(task):
    renamed = task.probes.assign(dataset="other name", data_hash="abc", logme=0.5)
    hashed = replace(task, probes=renamed, data_hashes=frozenset(["abc"]))
    assert no_logme(hashed) is None
    assert no_logme(replace(hashed, data_hashes=frozenset())) == "no probes of this dataset"


def test_the_datasets_own_name_goes_before_another(task):
    twin = task.probes.assign(dataset="a name before", data_hash="abc", logme=0.0)
    both = pd.concat([twin, task.probes], ignore_index=True)
    hashed = replace(task, probes=both, data_hashes=frozenset(["abc"]))
    assert set(hashed.target_probes["dataset"]) == {task.dataset}


def test_probes_of_other_datasets_or_without_logme_are_none(task):
    others = task.probes[task.probes["dataset"] != task.dataset]
    assert no_logme(replace(task, probes=others)) == "no probes of this dataset"
    assert no_logme(replace(task, probes=task.probes.assign(logme=np.nan))) is not None
