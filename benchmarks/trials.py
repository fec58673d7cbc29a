"""Wall time of measuring trials with the engine, against the obvious Keras loop.

Both sides measure the same random configurations, in turn and in one process: first the engine as
a user has it, from an empty cache (tracing, computing features and storing records included), then
`benchmarks.keras_loop` the trials that it has just yielded. Seeds, splits, order of examples and
initial heads agree, so that the accuracies can be compared trial by trial. Reported are the ratio
of the totals, of wall and of processor time; its spread over cells (a dataset with a backbone);
and the differences in test accuracy, engine minus loop.

Goals: the engine is at least 40 times as fast where features are extracted, 10 times where the
last 10 layers are trained, 4 times for the last 30, and not slower where all are; accuracies
differ by at most 0.01 on average, without bias. Where nothing is frozen, reading and preparing
batches must not be what takes the time.

    python -m benchmarks.trials --strategy feature_extraction --out figures.jsonl
    python -m benchmarks.trials --strategy full --trials 6 --images flowers.tar.gz --out x.jsonl

The loop may take hours: with ``--loop-every 5`` it measures only every fifth trial of each cell,
and its total is scaled up. Every result is written to ``--out`` at once; the same command goes on
where it was stopped (and computes features again, at the engine's expense). The table is of all
that the file holds.
"""

import argparse
import gc
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.declared_space import shipped_parameters, shipped_space
from benchmarks.keras_loop import KerasLoop
from benchmarks.measured_datasets import Ingested, draw_dataset, ingest
from benchmarks.trials_table import print_table
from metallmix_kedro.datasets.trial_store import TrialStoreDataset
from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.pipelines.experiment_grid.nodes import measure_trials
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.features import Features
from metallmix_kedro.training.inputs.cache import CachedArrays
from metallmix_kedro.training.inputs.rows import Array, Rows
from metallmix_kedro.training.inputs.splits import Indices

Line = dict[str, Any]


class Results:
    """Lines of JSON in a file: the settings, then one for each side of each trial."""

    def __init__(self, path: Path, settings: Line) -> None:
        self._path = path
        written = path.read_text().splitlines() if path.exists() else []
        self.lines: list[Line] = [json.loads(line) for line in written]
        if not self.lines:
            self.add(settings)
        elif self.lines[0] != settings:
            raise SystemExit(f"{path} holds other settings ({self.lines[0]}); name another --out")

    def add(self, line: Line) -> None:
        """Write a line."""
        self.lines.append(line)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def of(self, side: str) -> dict[str, Line]:
        """Return a side's lines by trial id."""
        return {line["trial_id"]: line for line in self.lines if line.get("side") == side}


class TimedRows(Rows):
    """Rows, and the seconds that handing them out took."""

    seconds = 0.0

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.shape = rows.shape

    def __getitem__(self, rows: Indices) -> Array:
        """Hand out some rows."""
        start = time.perf_counter()
        found = self._rows[rows]
        TimedRows.seconds += time.perf_counter() - start
        return found


def time_reading() -> None:
    """Have the engine's batches come from `TimedRows`."""
    crossing = Features.crossing

    def timed(self: Features, *arguments: Any) -> CachedArrays:
        found = crossing(self, *arguments)
        return CachedArrays([TimedRows(rows) for rows in found.arrays], found.seconds)

    Features.crossing = timed  # type: ignore[method-assign]


def timed(work: Callable[[], Any]) -> tuple[Any, Line]:
    """Do something; return what it gave, and its wall, processor and reading time in seconds."""
    gc.collect()
    TimedRows.seconds = 0.0
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    return found, {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - processor,
        "reading_s": TimedRows.seconds,
    }


def engine(
    ingested: Ingested, parameters: ExperimentGridParameters, folder: Path, known: list[Line]
) -> Iterator[Line]:
    """Measure with the engine, as the pipeline does; yield its records."""
    store = TrialStoreDataset(path=str(folder / "trials"))
    for line in known:
        record = line["record"]
        store.save({f"{record['dataset']}/{record['trial_id']}": record})
    measured = measure_trials(
        ingested.partitions,
        ingested.table,
        store.load(),
        pd.DataFrame(),
        parameters,
        shipped_space(),
        ingested.ingestion,
    )
    for partition in measured:
        store.save(partition)
        yield from partition.values()


class Loops:
    """The loop's side: measures some of the trials that the engine has measured.

    Parameters
    ----------
    ingested : Ingested
        The datasets.
    parameters : ExperimentGridParameters
        The protocol.
    results : Results
        Where the results go; what is there already is not measured again.
    every : int
        Of each cell, the first trial and then every so many more.
    """

    def __init__(
        self,
        ingested: Ingested,
        parameters: ExperimentGridParameters,
        results: Results,
        every: int,
    ) -> None:
        self._loops = {
            name: KerasLoop(ingested.measured(name), parameters) for name in ingested.manifests
        }
        self._results = results
        self._every = every
        self._seen: Counter[tuple[str, str]] = Counter()

    def measure(self, record: Line) -> None:
        """Measure the configuration of a record, if it is its turn."""
        cell = (record["dataset"], record["backbone"])
        is_its_turn = self._seen[cell] % self._every == 0
        self._seen[cell] += 1
        if not is_its_turn or record["trial_id"] in self._results.of("loop"):
            return
        configuration = Configuration.from_mapping(record)
        accuracy, seconds = timed(lambda: self._loops[record["dataset"]].measure(configuration))
        self._results.add(described("loop", record, seconds, accuracy))


def compare(
    ingested: Ingested,
    parameters: ExperimentGridParameters,
    folder: Path,
    results: Results,
    every: int,
) -> None:
    """Measure each trial with the engine, and with the loop right after it."""
    loops = Loops(ingested, parameters, results, every)
    known = list(results.of("engine").values())
    for line in known:
        loops.measure(line["record"])
    records = engine(ingested, parameters, folder, known)
    while True:
        record, seconds = timed(lambda: next(records, None))
        if record is None:
            return
        results.add(described("engine", record, seconds, record["test_accuracy"], record=record))
        loops.measure(record)


def described(side: str, trial: Line, seconds: Line, accuracy: float, **more: Any) -> Line:
    """Make a line of the results."""
    named = {key: trial[key] for key in ("trial_id", "dataset", "backbone", "strategy")}
    return {"side": side, **named, **seconds, "test_accuracy": accuracy, **more}


def grid_parameters(arguments: argparse.Namespace, folder: Path) -> ExperimentGridParameters:
    """Take the shipped parameters, with the arguments in place of what they name."""
    shipped, strategy = shipped_parameters("experiment_grid"), arguments.strategy
    protocol = {
        **shipped["protocol"],
        "image_size": arguments.image_size,
        "subset_size": arguments.subset,
    }
    for name, value in (("n_folds", arguments.folds), ("max_epochs", arguments.epochs)):
        if value is not None:
            protocol[name] = {**protocol[name], strategy: value}
    if arguments.folds is not None:
        protocol["min_tested"] = {**protocol["min_tested"], strategy: 0}
    a_dataset = arguments.trials // max(1, len(arguments.images))
    return ExperimentGridParameters.model_validate(
        {
            **shipped,
            "backbones": arguments.backbones,
            "weights": dict(named.split("=", 1) for named in arguments.weights),
            "n_random": 0,
            "n_random_by_strategy": {
                name: a_dataset if name == strategy else 0
                for name in hyperparameter("strategy").ranks
            },
            "n_bayesian": 0,
            "n_initial": 0,
            "configurations": [],
            "levels": [{"n_train": None}],
            "n_seeds": 1,
            "second_split_below": 0,
            "protocol": protocol,
            "executor": "in_process",
            "cache": {**shipped["cache"], "root": str(folder / "cache")},
            "reuse_history": False,
            "lock": str(folder / "lock"),
            "seed": arguments.seed,
        }
    )


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    protocol = shipped_parameters("experiment_grid")["protocol"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    strategies, add = hyperparameter("strategy").ranks, parser.add_argument
    add("--strategy", choices=strategies, default="feature_extraction")
    add("--trials", type=int, default=40, help="of all datasets together")
    add("--loop-every", type=int, default=1, help="see above")
    add("--images", type=Path, nargs="+", default=[], help="folders or archives")
    add("--backbones", nargs="+", help="default: two small ones")
    add("--weights", nargs="+", default=[], metavar="BACKBONE=FILE")
    add("--image-size", type=int, default=protocol["image_size"])
    add("--subset", type=int, default=protocol["subset_size"])
    add("--folds", type=int, help="default: as shipped")
    add("--epochs", type=int, help="default: as shipped")
    add("--seed", type=int, default=42)
    add("--out", type=Path, help="file of the results; kept if given")
    arguments = parser.parse_args()
    if arguments.backbones is None:
        has_mobile = any(named.startswith("MobileNetV2_0.35=") for named in arguments.weights)
        second = "MobileNetV2_0.35" if has_mobile else "EfficientNetLite1"
        arguments.backbones = ["EfficientNetLite0", second]
    return arguments


def main() -> None:
    """Compare, and print the table."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {
            key: value
            for key, value in vars(arguments).items()
            if key in ("image_size", "subset", "seed", "backbones")
        }
        settings["images"] = [str(path) for path in arguments.images]
        n_images = 2 * arguments.subset
        arguments.images = arguments.images or [
            draw_dataset(folder / f"drawn_{n_classes}", n_classes, n_images, seed=n_classes)
            for n_classes in (3, 5)
        ]
        parameters = grid_parameters(arguments, folder)
        results = Results(arguments.out or folder / "results.jsonl", settings)
        time_reading()
        ingested = ingest(arguments.images, folder / "unpacked")
        compare(ingested, parameters, folder, results, arguments.loop_every)
        print_table(results.of("engine"), results.of("loop"))


if __name__ == "__main__":
    main()
