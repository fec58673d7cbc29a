"""What one more trial costs as the grid grows, and how long a finished grid takes to start again.

Measuring is left out: a stand-in for the executor answers at once, and its own time is subtracted.
All else is real: the grid, the names of trials, the store with records of real size, progress.

Goals: a trial costs the same in a grid of 100 and of 10,000 (ratio about 1); a grid that lacks one
trial beside 10,000 finished ones, which the store and the history both hold, takes at most 5
seconds until that one could start. Reported apart is ``kedro run`` where everything is finished:
the node that measures alone, and the pipeline, which also joins and describes the history.

    python -m benchmarks.grid_bookkeeping
    python -m benchmarks.grid_bookkeeping --sizes 100 1000 --repeats 1
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.fabricated_grid import DATASETS, FabricatedGrid
from metallmix_kedro.datasets.trial_store import TrialStoreDataset
from metallmix_kedro.grid.bundles import Bundle
from metallmix_kedro.grid.claims import check_unchanged, claimed
from metallmix_kedro.grid.executors import WorkerLostError
from metallmix_kedro.grid.grid import TrialGrid
from metallmix_kedro.grid.known import history_records, readable_records
from metallmix_kedro.grid.measuring import TrialMeasurer
from metallmix_kedro.grid.record import Record
from tests.workspace import Workspace

Seconds = tuple[float, float]
"""Of wall and of processor time."""

Cost = dict[str, float]
GOAL_SECONDS = 5
ALL = "all"
KEDRO_RUNS = {
    "kedro run, measure_trials": ("--nodes=experiment_grid.measure_trials",),
    "kedro run, the pipeline": (),
}
LAST = 100
"""Trials at the end of a grid that show what one more costs."""


class StandIn:
    """An executor that answers at once; it counts the seconds that its answers took to make."""

    def __init__(self, made: FabricatedGrid) -> None:
        self._made = made
        self._waiting: deque[Bundle] = deque()
        self.wall = self.cpu = 0.0

    @property
    def has_room(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def submit(self, bundle: Bundle) -> None:
        """Take a bundle on."""
        self._waiting.append(bundle)

    def next_result(self) -> tuple[Bundle, list[Record] | WorkerLostError]:
        """Make up the records of a bundle."""
        wall, cpu = time.perf_counter(), time.process_time()
        bundle = self._waiting.popleft()
        records = [self._made.record(bundle.dataset, proposal) for proposal in bundle.proposals]
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return bundle, list(records)


def run_grid(made: FabricatedGrid, n_trials: int, store: TrialStoreDataset) -> Cost:
    """Go through a new grid; return what a trial cost."""
    stand_in = StandIn(made)
    grid = TrialGrid(made.measurers(), made.space, made.parameters(n_trials), {})
    clock = [(time.perf_counter(), time.process_time())]
    for record in grid.run(stand_in):
        store.save({f"{record['dataset']}/{record['trial_id']}": record})
        clock.append((time.perf_counter() - stand_in.wall, time.process_time() - stand_in.cpu))
    last = clock[-LAST - 1 :]
    wall, cpu = (
        1000 * (end - start) / n_trials for start, end in zip(clock[0], clock[-1], strict=True)
    )
    return {
        "ms a trial": wall,
        "processor ms": cpu,
        f"processor ms, last {LAST}": 1000 * (last[-1][1] - last[0][1]) / (len(last) - 1),
    }


def start_again(
    made: FabricatedGrid, n_trials: int, store: TrialStoreDataset, history: pd.DataFrame, lock: Path
) -> dict[str, Seconds]:
    """Start a grid that lacks one trial; return the seconds of each step."""
    steps: dict[str, Seconds] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        steps[name] = (time.perf_counter() - wall, time.process_time() - cpu)
        return found

    measurers: Mapping[str, TrialMeasurer] = step("datasets", made.measurers)
    with claimed(lock):
        partitions = step("list the store", store.load)
        finished = step("read the store", lambda: readable_records(partitions))
        known = step("read the history", lambda: history_records(history))
        finished = {**known, **finished}
        finished.pop(max(finished))
        step("check the datasets", lambda: check_unchanged(made.hashes, finished.values()))
        parameters = made.parameters(n_trials)
        grid = step("draw", lambda: TrialGrid(measurers, made.space, parameters, finished))
        # The first record comes when everything due is found, and the stand-in costs nothing.
        step("find what is due", lambda: next(iter(grid.run(StandIn(made)))))
    return steps


def run_kedro(workspace: Workspace, *options: str) -> Seconds:
    """Time a run of the pipeline that finds everything finished."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = workspace.kedro("run", "--pipelines=experiment_grid", *options)
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def spread(values: list[float], digits: int = 2) -> str:
    """Write the median of the values with the smallest and the largest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def cost_table(costs: dict[int, list[Cost]]) -> Table:
    """Tabulate what a trial costs, by size of the grid."""
    names = list(costs[min(costs)][0])
    table = Table("trials", *names, "ratio to the smallest", "goal")
    first = statistics.median(cost[names[-1]] for cost in costs[min(costs)])
    for size, found in costs.items():
        table.add_row(
            f"{size:,}",
            *(spread([cost[name] for cost in found]) for name in names),
            spread([cost[names[-1]] / first for cost in found]),
            "constant",
        )
    return table


def start_table(times: dict[str, list[Seconds]]) -> Table:
    """Tabulate the seconds of starting again."""
    table = Table("starting again", "seconds", "of processor time", "goal")
    for name, seconds in times.items():
        goal = f"at most {GOAL_SECONDS}" if name == ALL else ""
        table.add_row(name, *(spread(list(one)) for one in zip(*seconds, strict=True)), goal)
    return table


def times_of(starts: list[dict[str, Seconds]]) -> dict[str, list[Seconds]]:
    """Collect the repeats of each step, and of all together."""
    found = {name: [steps[name] for steps in starts] for name in starts[0]}
    found[ALL] = [
        (sum(wall for wall, _ in steps.values()), sum(cpu for _, cpu in steps.values()))
        for steps in starts
    ]
    return found


def main() -> None:
    """Measure both and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[100, 1000, 10_000],
        help=f"trials in a grid; multiples of {DATASETS}",
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kedro-runs", type=int, default=1, help="of each kind, at least 1")
    arguments = parser.parse_args()
    costs: dict[int, list[Cost]] = {size: [] for size in sorted(arguments.sizes)}
    with tempfile.TemporaryDirectory() as name:
        made = FabricatedGrid(Workspace(Path(name) / "project"))
        for repeat in range(arguments.repeats):
            for size, found in costs.items():
                store = TrialStoreDataset(path=f"{name}/trials_{size}_{repeat}")
                found.append(run_grid(made, size, store))
        largest = max(costs)
        run_grid(made, largest, made.store)
        history = made.history()
        lock = Path(name) / "lock"
        times = times_of(
            [
                start_again(made, largest, made.store, history, lock)
                for _ in range(arguments.repeats)
            ]
        )
        made.write_inputs(largest, history)
        for kind, options in KEDRO_RUNS.items():
            times[kind] = [run_kedro(made.workspace, *options) for _ in range(arguments.kedro_runs)]
    console = Console(width=120)
    console.print(cost_table(costs))
    console.print(start_table(times))


if __name__ == "__main__":
    main()
