from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.evaluation.methods.rankers import (
    by_ranker,
    pairwise_model,
    raw_accuracy_model,
)
from metallmix_kedro.history import SCORE, History
from tests.fabricated import BACKBONE_EFFECT, RATE_EFFECT

MODELS = [raw_accuracy_model, pairwise_model]


def scored(ranker, candidates):
    encoder, booster = ranker
    return booster.inplace_predict(encoder.transform(candidates))


def trees(ranker) -> bytes:
    return bytes(ranker[1].save_raw("json"))


@pytest.mark.parametrize("fit", MODELS)
def test_the_learned_order_is_that_of_the_truth(task, fit):
    scores = scored(fit(task.training, task.settings), task.candidates)
    truth = task.candidates["backbone"].map(BACKBONE_EFFECT) + task.candidates["learning_rate"].map(
        RATE_EFFECT
    )
    assert pd.Series(scores).corr(truth, method="spearman") > 0.8


@pytest.mark.parametrize("fit", MODELS)
def test_picks_are_the_highest_predicted(task, fit):
    scores = scored(fit(task.training, task.settings), task.candidates)
    picks = by_ranker(task, np.random.default_rng(0), 5, fit)
    assert scores[picks].tolist() == sorted(scores, reverse=True)[:5]


@pytest.mark.parametrize("fit", MODELS)
def test_same_trials_in_another_order_grow_the_same_trees(task, fit):
    shuffled = History(task.training.table.sample(frac=1, random_state=1))
    assert trees(fit(shuffled, task.settings)) == trees(fit(task.training, task.settings))


def test_raw_accuracy_is_learned_on_its_own_scale(task):
    predicted = scored(raw_accuracy_model(task.training, task.settings), task.candidates)
    measured = task.training.table[SCORE]
    assert measured.min() - 0.05 < predicted.min() < predicted.max() < measured.max() + 0.05


def test_pairs_within_datasets_do_not_see_how_easy_a_dataset_is(task):
    """Halving all accuracies of one dataset changes the raw model alone."""
    halved = task.training.table.copy()
    ours = halved["dataset"] == "fabricated_1"
    halved.loc[ours, SCORE] /= 2
    both = (task.training, History(halved))
    before, after = (pairwise_model(history, task.settings) for history in both)
    same = pytest.approx(scored(after, task.candidates), abs=1e-4)
    assert scored(before, task.candidates) == same
    raw = [raw_accuracy_model(history, task.settings) for history in both]
    assert trees(raw[0]) != trees(raw[1])


@pytest.mark.parametrize("fit", MODELS)
def test_failed_trials_and_those_of_no_weight_teach_nothing(task, fit):
    known = task.training.table
    failed = known.head(3).assign(trial_id=["x", "y", "z"], status="failed", **{SCORE: np.nan})
    published = known.head(3).assign(trial_id=["p", "q", "r"], source="published")
    unweighted = task.settings.meta_learning.model_copy(update={"published_weight": 0.0})
    settings = replace(task.settings, meta_learning=unweighted)
    more = History(pd.concat([known, failed, published], ignore_index=True))
    assert trees(fit(more, settings)) == trees(fit(task.training, settings))
