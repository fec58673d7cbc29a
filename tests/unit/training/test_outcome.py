import numpy as np
import pytest

from metallmix_kedro.training import outcome
from metallmix_kedro.training.inputs.splits import Split
from metallmix_kedro.training.outcome import Stopwatch, fold_outcome


def test_scores_are_of_the_rows_they_are_named_after() -> None:
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    predicted = np.array([0, 1, 1, 0, 0, 0, 0, 1])
    split = Split(train=np.array([0, 1]), validation=np.array([2, 3]), test=np.array([4, 5, 6, 7]))
    found = fold_outcome(labels, predicted, split, 3, 1.5, 2.5, [0.5, 0.0, 0.25])
    assert found.train_accuracy == 1.0
    assert found.validation_accuracy == 0.0
    assert found.test_accuracy == pytest.approx(3 / 4)
    assert found.test_precision == pytest.approx((2 / 3 + 1) / 2)
    assert found.test_recall == pytest.approx((1 + 1 / 2) / 2)
    assert found.test_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.test_rarest_recall == pytest.approx(3 / 4)  # both classes are equally rare
    assert (found.epochs_run, found.fit_time_s, found.fit_cpu_s) == (3, 1.5, 2.5)
    assert (found.n_tested, found.n_hits) == ((2, 2), (2, 1))
    assert found.validation_curve == (0.5, 0.0, 0.25)


def test_rare_is_what_is_rare_among_all_images_not_in_the_fold() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1])
    predicted = np.array([0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1])
    split = Split(train=np.arange(5), validation=np.array([5, 6]), test=np.arange(7, 13))
    found = fold_outcome(labels, predicted, split, 1, 0.0, 0.0, [0.5])
    assert found.test_rarest_recall == 0.5


def test_time_is_shared_equally_by_those_who_took_part(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 6.0, 10.0, 14.0])
    processor = iter([0.0, 12.0, 20.0, 21.0])
    monkeypatch.setattr(outcome.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(outcome.time, "process_time", lambda: next(processor))
    watch = Stopwatch(3)
    running = np.array([True, True, True])
    with watch.shared_by(running):
        running[1] = False  # it stops in the middle: it took part all the same
    with watch.shared_by(running):
        pass
    assert watch.wall_s.tolist() == [4.0, 2.0, 4.0]
    assert watch.cpu_s.tolist() == [4.5, 4.0, 4.5]
