import numpy as np
import pytest

from metallmix_kedro.training.outcome import macro_scores, rarest_classes, recall_of


def test_macro_scores_weigh_classes_equally() -> None:
    truth = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    predicted = np.array([0, 0, 0, 0, 0, 0, 0, 1])
    precision, recall, f1 = macro_scores(truth, predicted)
    assert precision == pytest.approx((6 / 7 + 1) / 2)
    assert recall == pytest.approx((1 + 0.5) / 2)
    assert f1 == pytest.approx((12 / 13 + 2 / 3) / 2)


def test_a_class_never_predicted_has_precision_zero() -> None:
    assert macro_scores(np.array([0, 1]), np.array([0, 0]))[0] == pytest.approx(0.25)


def test_the_rarest_class_is_the_one_with_fewest_images_or_all_of_them() -> None:
    assert rarest_classes(np.array([2, 0, 2, 0, 1, 2])).tolist() == [1]
    assert rarest_classes(np.array([0, 0, 3, 1, 1, 3, 2, 2, 2])).tolist() == [0, 1, 3]


def test_recall_looks_at_the_images_of_these_classes_only() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    predicted = np.array([0, 1, 1, 1, 0, 2, 2, 2, 2])
    assert recall_of(np.array([0]), truth, predicted) == pytest.approx(1 / 3)
    assert recall_of(np.array([0, 1]), truth, predicted) == pytest.approx(2 / 5)
    assert np.isnan(recall_of(np.array([7]), truth, predicted))
