import numpy as np
import pytest

from metallmix_kedro.trials.metrics import classification_scores


def test_macro_scores_weigh_classes_equally() -> None:
    truth = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    predicted = np.array([0, 0, 0, 0, 0, 0, 0, 1])
    scores = classification_scores(truth, predicted)
    assert scores["accuracy"] == pytest.approx(7 / 8)
    assert scores["precision"] == pytest.approx((6 / 7 + 1) / 2)
    assert scores["recall"] == pytest.approx((1 + 0.5) / 2)
    assert scores["f1"] == pytest.approx((12 / 13 + 2 / 3) / 2)


def test_a_class_never_predicted_has_precision_zero() -> None:
    scores = classification_scores(np.array([0, 1]), np.array([0, 0]))
    assert scores["precision"] == pytest.approx(0.25)
