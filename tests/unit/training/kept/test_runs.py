"""Training to keep, on noise with an untrained backbone of 32 pixels."""

import os
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metallmix_kedro.cli.failures import explain
from metallmix_kedro.support import WeightsError
from metallmix_kedro.training import (
    BackboneStore,
    DivergedError,
    OutOfMemoryError,
    Plan,
    Schedule,
    StoppedError,
    Trained,
    load_pixels,
    plan_splits,
    train,
)
from metallmix_kedro.training.kept import runs
from metallmix_kedro.training.kept.folds import FinishedFolds
from tests.trial_examples import MOBILENET, SEED, SIZE, array_cache, configuration, image_dataset

keras = pytest.importorskip("keras")

STORE = BackboneStore({MOBILENET: "random:0"}, SEED)


def plan(folder: Path, strategy: str = "feature_extraction", n_folds: int = 2) -> Plan:
    dataset = image_dataset(folder)
    splits, kept = plan_splits(dataset.manifest, n_folds, 0.25, 0.25, SEED)
    return Plan(
        configuration(strategy),
        SIZE,
        dataset.root,
        dataset.manifest,
        dataset.data_hash,
        splits,
        kept,
        Schedule(max_epochs=2, patience=2, freeze_batch_norm=True, seed=SEED),
    )


def run(what: Plan, folder: Path) -> Trained:
    return train(what, STORE, array_cache(folder / "cache"), folder / "progress")


def progress(folder: Path) -> FinishedFolds:
    (found,) = (folder / "progress").iterdir()
    return FinishedFolds(found)


def failing(monkeypatch: pytest.MonkeyPatch, fail: Any) -> None:
    """Have `fail` called with the batch and the number of splits trained before, each time."""
    calls: list[int] = []
    real = runs.train_trials

    def train_trials(configurations: Any, *arguments: Any) -> Any:
        fail(configurations[0].batch_size, len(calls))
        calls.append(1)
        return real(configurations, *arguments)

    monkeypatch.setattr(runs, "train_trials", train_trials)


def test_what_is_kept_trains_on_all_but_a_few_of_each_class(tmp_path: Path) -> None:
    what = plan(tmp_path)
    assert len(what.splits) == 2
    assert len(what.kept.train) + len(what.kept.validation) == len(what.images)
    assert not set(what.kept.train) & set(what.kept.validation)
    assert set(what.labels[what.kept.validation]) == {0, 1, 2}
    assert plan_splits(what.images, 0, 0.25, 0.25, SEED)[0] == ()


@pytest.mark.parametrize("strategy", ["feature_extraction", "last_10", "full"])
def test_the_saved_network_answers_as_the_trained_one_did(tmp_path: Path, strategy: str) -> None:
    what = plan(tmp_path, strategy, n_folds=0)
    done = run(what, tmp_path)

    model = keras.saving.load_model(done.classifier)
    images = what.images.iloc[done.kept.rows]
    named = list(zip(images["path"], images["content_hash"], strict=True))
    seen = model.predict(load_pixels(what.root, named, SIZE), verbose=0)
    np.testing.assert_allclose(seen, done.kept.probabilities, atol=1e-4)
    # Grey in one channel is grey in three; an alpha channel does not count; any size goes.
    grey = np.random.default_rng(0).integers(0, 256, (2, 50, 41, 1), dtype=np.uint8)
    three = np.repeat(grey, 3, axis=3)
    four = np.concatenate([three, grey], axis=3)
    expected = model.predict(three.astype(np.float32), verbose=0)
    np.testing.assert_allclose(model.predict(grey, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(model.predict(four, verbose=0), expected, atol=1e-5)


def test_a_run_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = plan(tmp_path)

    def stop(_batch: int, n_before: int) -> None:
        if n_before == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        failing(patched, stop)
        with pytest.raises(StoppedError, match="1 of 3 parts are finished"):
            run(what, tmp_path)
    first = progress(tmp_path).folder / "fold_0.npz"
    os.utime(first, (1, 1))
    half = first.with_name(".fold_1.npz.part")
    half.write_bytes(b"what a kill leaves behind")

    done = run(what, tmp_path)

    assert first.stat().st_mtime == 1
    assert not half.exists()
    other = tmp_path / "other"
    other.mkdir()
    in_one_go = train(what, STORE, array_cache(tmp_path / "cache"), other)
    for fold, same in zip(done.folds, in_one_go.folds, strict=True):
        np.testing.assert_allclose(fold.probabilities, same.probabilities, atol=1e-5)
    # Nothing is trained once all is finished, and a damaged part is trained again.
    with monkeypatch.context() as patched:
        failing(patched, lambda *_: pytest.fail("trained again"))
        assert run(what, tmp_path).folds[0].outcome == done.folds[0].outcome
    first.write_bytes(first.read_bytes()[:100])
    again = run(what, tmp_path).folds[0]
    np.testing.assert_allclose(again.probabilities, done.folds[0].probabilities, atol=1e-5)


def test_where_the_time_is_short_one_fold_is_tested_and_the_network_is_there(
    tmp_path: Path,
) -> None:
    what, cache, root = plan(tmp_path, n_folds=3), array_cache(tmp_path / "cache"), tmp_path / "own"
    short = train(what, STORE, cache, root, time_s=0.0)
    (fold,) = short.folds
    np.testing.assert_array_equal(fold.rows, what.splits[0].test)
    assert short.notes == ("The time was enough for 1 of the 3 folds of the cross-validation.",)
    assert keras.saving.load_model(short.classifier).count_params()

    # With more time the others follow, and are what they are without a limit.
    long, whole = train(what, STORE, cache, root, time_s=3600.0), run(what, tmp_path)
    assert long.notes == whole.notes == ()
    assert long.folds[0].outcome.fit_time_s == fold.outcome.fit_time_s
    for one, same in zip((*long.folds, long.kept), (*whole.folds, whole.kept), strict=True):
        np.testing.assert_allclose(one.probabilities, same.probabilities, atol=1e-5)


def test_what_a_trial_trained_is_taken_over_and_kept_where_there_is_no_time_for_more(
    tmp_path: Path,
) -> None:
    what, cache = plan(tmp_path, "last_10", n_folds=3), array_cache(tmp_path / "cache")
    whole = run(what, tmp_path)
    trial = FinishedFolds(tmp_path / "trial")
    for number, fold in enumerate(whole.folds[:2]):
        trial.write(f"fold_{number}", fold)
    trial.classifier.write_bytes(whole.classifier.read_bytes())

    short = train(what, STORE, cache, tmp_path / "short", time_s=0.0, tried=trial)
    seconds = [fold.outcome.fit_time_s for fold in whole.folds]
    assert [fold.outcome.fit_time_s for fold in short.folds] == seconds[:2]
    assert short.kept is short.folds[0]
    assert short.kept_split is what.splits[0]
    assert short.classifier == trial.classifier
    assert any("that of the first fold" in note for note in short.notes)

    long = train(what, STORE, cache, tmp_path / "long", time_s=3600.0, tried=trial)
    assert long.kept_split is what.kept
    assert long.classifier != trial.classifier
    assert [fold.outcome.fit_time_s for fold in long.folds[:2]] == seconds[:2]
    assert len(long.folds) == 3
    assert long.notes == ()

    # Without its network the trial is nothing to fall back on.
    trial.classifier.unlink()
    again = train(what, STORE, cache, tmp_path / "again", time_s=0.0, tried=trial)
    assert again.kept_split is what.kept
    assert len(again.folds) == 1


def test_other_images_or_another_configuration_are_another_training(tmp_path: Path) -> None:
    what = plan(tmp_path)
    keys = {
        one.key(STORE.weights_id(MOBILENET))
        for one in (
            what,
            replace(what, data_hash="other"),
            replace(what, configuration=configuration(dropout=0.5)),
            replace(what, schedule=replace(what.schedule, seed=6)),
            plan(tmp_path, n_folds=3),
        )
    }
    assert len(keys) == 5


def test_a_batch_that_does_not_fit_is_halved_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def too_much(batch: int, _before: int) -> None:
        if batch > 2:
            raise MemoryError

    failing(monkeypatch, too_much)
    done = run(plan(tmp_path), tmp_path)

    assert done.configuration.batch_size == 2
    assert done.notes == ("Trained 2 images at a time in place of 8: more did not fit.",)
    assert "batches of 4 images" in caplog.text
    # A later run begins with what fitted.
    caplog.clear()
    assert run(plan(tmp_path), tmp_path).configuration.batch_size == 2
    assert not caplog.text


def test_what_never_fits_says_what_to_lower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: int) -> None:
        raise ValueError("RESOURCE_EXHAUSTED: out of memory")

    failing(monkeypatch, too_much)
    with pytest.raises(OutOfMemoryError, match="image_size"):
        run(plan(tmp_path), tmp_path)


def test_a_loss_that_is_no_number_stops_and_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = plan(tmp_path)
    diverging = replace(what, configuration=configuration(learning_rate=float("inf")))
    with pytest.raises(DivergedError, match="take_next_if_diverged"):
        run(diverging, tmp_path)
    failing(monkeypatch, lambda *_: pytest.fail("trained again"))
    with pytest.raises(DivergedError, match="NaN"):
        run(diverging, tmp_path)


def test_a_full_disk_costs_no_finished_fold(tmp_path: Path) -> None:
    what = plan(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))  # less than the network
    try:
        with pytest.raises(OSError, match="too large") as raised:
            run(what, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    failure = explain(raised.value)
    assert failure is not None
    assert "no room" in failure.title
    assert "training goes on" in failure.mend
    stored = progress(tmp_path)
    assert sorted(path.name for path in stored.folder.iterdir()) == ["fold_0.npz", "fold_1.npz"]
    assert run(what, tmp_path).classifier.exists()


def test_missing_weights_are_said(tmp_path: Path) -> None:
    store = BackboneStore({MOBILENET: "nowhere.weights.h5"}, SEED)
    with pytest.raises(WeightsError, match=r"nowhere\.weights\.h5"):
        train(plan(tmp_path), store, array_cache(tmp_path), tmp_path / "progress")
