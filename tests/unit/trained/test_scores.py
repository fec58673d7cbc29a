"""Scores of a confusion matrix, against scikit-learn's, and what is made of probabilities."""

import numpy as np
import pytest

from metallmix_kedro.trained.scores import (
    Asked,
    by_class,
    calibration,
    most_wrong,
    scores_of,
    scores_with_intervals,
)


def asked(n_images: int = 400, n_classes: int = 4, right: float = 0.7, seed: int = 0) -> Asked:
    """Answers of which a share is right, with probabilities that are drawn."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n_images)
    probabilities = rng.dirichlet(np.ones(n_classes), n_images).astype(np.float32)
    wanted = np.where(rng.random(n_images) < right, truth, (truth + 1) % n_classes)
    best = probabilities.argmax(axis=1)
    rows = np.arange(n_images)
    swapped = probabilities.copy()
    swapped[rows, wanted], swapped[rows, best] = (
        probabilities[rows, best],
        probabilities[rows, wanted],
    )
    return Asked(rows, truth, swapped.argmax(axis=1), swapped, held_out=True)


def test_scores_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    some = asked()
    rarest = np.array([2])
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(some.truth, some.predicted)
    np.testing.assert_allclose(by_class(some.confusion), [precision, recall, f1])
    found = scores_of(some.confusion, rarest)
    assert found["accuracy"] == pytest.approx((some.truth == some.predicted).mean())
    assert found["macro_f1"] == pytest.approx(f1.mean())
    assert found["rarest_class_recall"] == pytest.approx(recall[2])


def test_a_class_that_is_never_named_scores_nothing() -> None:
    found = scores_of(np.array([[3, 0], [2, 0]]), np.array([1]))
    assert found["macro_precision"] == pytest.approx(0.3)
    assert found["rarest_class_recall"] == 0


def test_intervals_hold_the_true_score_about_as_often_as_they_say() -> None:
    truth, held = 0.7, 0
    for seed in range(100):
        some = asked(n_images=200, seed=seed)
        score = scores_with_intervals(some, some.truth, seed)["accuracy"]
        held += score.low <= truth <= score.high
    assert 88 <= held <= 100


def test_calibration_is_right_where_probabilities_are() -> None:
    n_images = 20_000
    rng = np.random.default_rng(0)
    first = rng.uniform(0.5, 1, n_images).astype(np.float32)
    probabilities = np.stack([first, 1 - first], axis=1)
    truth = (rng.random(n_images) > first).astype(np.int64)
    rows = np.arange(n_images)
    stated, right, counts, error = calibration(
        Asked(rows, truth, np.zeros_like(truth), probabilities, True)
    )
    assert len(stated) == len(right) == len(counts) == 5
    assert counts.sum() == n_images
    assert error < 0.02
    assert calibration(Asked(rows, 1 - truth, np.zeros_like(truth), probabilities, True))[-1] > 0.3


def test_the_surest_mistakes_come_first() -> None:
    some = asked()
    chosen = most_wrong(some, 5)
    assert len(chosen) == 5
    assert (some.truth[chosen] != some.predicted[chosen]).all()
    sure = some.probabilities.max(axis=1)
    assert (np.diff(sure[chosen]) <= 0).all()
    assert sure[chosen[0]] == sure[some.truth != some.predicted].max()
    right = Asked(some.rows, some.truth, some.truth, some.probabilities, True)
    assert len(most_wrong(right, 5)) == 0
