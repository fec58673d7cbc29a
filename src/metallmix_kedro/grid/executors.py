"""Where bundles are measured: in this process, in local processes, or on a cluster.

The last two are Dask's (`distributed`): one library for a laptop and for a cluster, whose
scheduler gives the work of a worker that dies to another one, and which says as each result
comes. joblib's own local processes give up all work when one dies; its Dask and Ray backends
hide the results until the end; Ray is ten times the size of what is needed here.
"""

import logging
import os
import queue
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, Protocol

from metallmix_kedro.declared import in_force
from metallmix_kedro.grid.bundles import Bundle, measure_bundle
from metallmix_kedro.grid.measuring import MeasuredDataset
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.record import Record
from metallmix_kedro.support import InputError, require

_CONNECT_SECONDS = 20
_WORKERLESS_SECONDS = 60
_LOOK_SECONDS = 2.0
_IN_PROCESS, _PROCESSES = "in_process", "processes"

# A worker does one trial at a time on one core: two trials side by side are faster than one trial
# on two cores. Dask sets the same for OpenMP by itself.
_ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

# Read when Dask is imported, here and in the workers: it would tell of every connection.
os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "warning")

# TensorFlow keeps what it has traced until its process ends. A worker that has grown is ended and
# begins anew, its trial too. Dask's gentler steps wait for memory to be given back, in vain.
_BEGIN_ANEW_ABOVE = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.6,
}

# Dask watches what its workers do a hundred times a second, for a dashboard that is not shown here,
# and each look takes Python's lock from the training.
_LOOK_SELDOM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
}


class WorkerLostError(Exception):
    """The workers that measured a bundle died, again and again."""


class Executor(Protocol):
    """Measures bundles, some at a time."""

    @property
    def has_room(self) -> bool:
        """Whether another bundle can be taken on without it having to wait long."""

    def submit(self, bundle: Bundle) -> None:
        """Take a bundle on."""

    def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        """Wait for a bundle to be done; raises `MetallmixError` if it cannot be."""


class InProcess:
    """Measures one bundle after another in this process."""

    def __init__(
        self, datasets: Mapping[str, MeasuredDataset], parameters: ExperimentGridParameters
    ) -> None:
        self._datasets = datasets
        self._parameters = parameters
        self._waiting: deque[Bundle] = deque()

    @property
    def has_room(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def submit(self, bundle: Bundle) -> None:
        """Take a bundle on."""
        self._waiting.append(bundle)

    def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        """Measure the bundle that waits longest."""
        bundle = self._waiting.popleft()
        dataset = self._datasets[bundle.dataset]
        return bundle, measure_bundle(dataset, self._parameters, in_force(), bundle)


class OnDask:
    """Measures bundles on the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected to the cluster.
    datasets, parameters
        What is measured, and how. The workers need the images and weights under the same paths.
    """

    def __init__(
        self,
        client: Any,
        datasets: Mapping[str, MeasuredDataset],
        parameters: ExperimentGridParameters,
    ) -> None:
        self._client = client
        self._parameters = parameters
        # Not scattered: what is scattered is gone with the workers that had it.
        self._datasets = {
            name: client.submit(_itself, dataset, pure=False) for name, dataset in datasets.items()
        }
        self._bundles: dict[str, Bundle] = {}
        self._suspects: deque[Bundle] = deque()
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    @property
    def has_room(self) -> bool:
        """Whether a worker would soon be idle: each has one bundle in hand and one waiting."""
        return len(self._bundles) < 2 * max(1, self._count_workers())

    def submit(self, bundle: Bundle) -> None:
        """Take a bundle on."""
        future = self._client.submit(
            measure_bundle,
            self._datasets[bundle.dataset],
            self._parameters,
            in_force(),
            bundle,
            pure=False,
        )
        self._bundles[future.key] = bundle
        future.add_done_callback(self._done.put)

    def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        """Wait for the next bundle to be done, on whichever worker.

        A worker that dies takes a bundle that only waited for it down with the one in hand. Those
        that were on too many dying workers are therefore measured once more, each by itself, when
        there is nothing else in hand.
        """
        while self._bundles:
            bundle, outcome = self._next_done()
            if not isinstance(outcome, WorkerLostError):
                return bundle, outcome
            self._suspects.append(bundle)
        self.submit(self._suspects.popleft())
        return self._next_done()

    def _next_done(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        distributed = require("distributed", "experiments")
        future = self._wait()
        bundle = self._bundles.pop(future.key)
        try:
            records: list[Record] = future.result()
        except distributed.scheduler.KilledWorker as error:
            return bundle, WorkerLostError(
                f"{error.allowed_failures + 1} workers died while they measured it, the last at "
                f"{error.last_worker.address}; it may need more memory than a worker has"
            )
        except CancelledError as error:
            raise _gone("scheduler") from error
        return bundle, records

    def _wait(self) -> Any:
        """Wait until a bundle is done, as long as there are workers for it, or new ones come."""
        waited_without_workers = 0.0
        while True:
            try:
                return self._done.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                waited_without_workers += _LOOK_SECONDS
            if self._count_workers():
                waited_without_workers = 0.0
            elif waited_without_workers > _WORKERLESS_SECONDS:
                raise _gone("workers")

    def _count_workers(self) -> int:
        try:
            return len(self._client.nthreads())
        except (OSError, CancelledError) as error:
            raise _gone("scheduler") from error


def _gone(what: str) -> InputError:
    return InputError(
        f"The Dask {what} that measured the trials (experiment_grid.executor) cannot be "
        "reached any more. All trials that had ended are stored: start a scheduler and workers "
        "again, and then this run: it goes on where it stopped."
    )


@contextmanager
def open_executor(
    datasets: Mapping[str, MeasuredDataset], parameters: ExperimentGridParameters
) -> Iterator[Executor]:
    """Start or reach the executor that the parameters name, and leave it at the end.

    Raises
    ------
    InputError
        If no scheduler answers at the address, or it has no workers.
    """
    if parameters.executor == _IN_PROCESS:
        yield InProcess(datasets, parameters)
        return
    with _client(parameters) as client:
        yield OnDask(client, datasets, parameters)


@contextmanager
def _client(parameters: ExperimentGridParameters) -> Iterator[Any]:
    distributed = require("distributed", "experiments")
    if parameters.executor == _PROCESSES:
        nanny = logging.getLogger("distributed.nanny")
        with (
            require("dask", "experiments").config.set({**_BEGIN_ANEW_ABOVE, **_LOOK_SELDOM}),
            distributed.LocalCluster(
                n_workers=parameters.n_workers or os.cpu_count() or 1,
                threads_per_worker=1,
                processes=True,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                env=_ONE_THREAD,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
            # Dask warns that processes with TensorFlow take their time to end; all is done.
            nanny.setLevel(logging.ERROR)
        nanny.setLevel(logging.NOTSET)
        return
    try:
        client = distributed.Client(parameters.executor, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"No Dask scheduler answers at {parameters.executor} (experiment_grid.executor). "
            "Start one with 'dask scheduler' and workers with 'dask worker ADDRESS --nthreads 1', "
            "or choose 'processes'."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError as error:
            raise InputError(
                f"The Dask scheduler at {parameters.executor} (experiment_grid.executor) has no "
                f"workers. Start some with 'dask worker {parameters.executor} --nthreads 1'."
            ) from error
        yield client


def _itself(dataset: MeasuredDataset) -> MeasuredDataset:
    """Stand for a dataset among the scheduler's tasks, so that it can be had again when lost."""
    return dataset
