"""Accuracy against wall time: trials within a budget, random search, Bayesian search, Hyperband.

For each dataset, left out of the history that anything is learned from, every method searches the
same space with the same folds, images and epochs, each from an empty cache: `training.budget_s`
with ``--budget`` seconds; 20 random trials; 20 trials of Bayesian optimisation, 5 of them random
(scikit-optimize); and KerasTuner's Hyperband on `benchmarks.keras_loop`, where keras-tuner is
installed. Validation steers; drawn is the accuracy on the test folds of whatever leads.

Goals: within 300 s at least the accuracy of either search after 20 trials, in at most a fifth of
the wall time of either.

    python -m benchmarks.within_budget --images flowers.tar.gz weather.tar.gz --out curves

Each method writes ``DATASET-METHOD.json`` once it is done, and is not run again where that is
there. ``within_budget.json`` and ``.png`` are of all that the folder holds.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from benchmarks.declared_space import shipped_parameters, shipped_space
from benchmarks.measured_datasets import ingest
from metallmix_kedro.decision import DecisionParameters, Learned, Target
from metallmix_kedro.decision.target_warnings import known_budget
from metallmix_kedro.explanation import Target as Asked
from metallmix_kedro.grid import ExperimentGridParameters, MeasuredDataset, Proposal, TrialMeasurer
from metallmix_kedro.grid.proposals import BayesianSearch, random_configurations
from metallmix_kedro.history import History, LeftOut
from metallmix_kedro.images.manifest import INCLUDED
from metallmix_kedro.meta_features import TargetDescription, no_probes
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.support import new_figure
from metallmix_kedro.surrogate import MetaLearningParameters, fit_surrogate
from metallmix_kedro.trained import Known, TargetImages
from metallmix_kedro.trained.within_budget.foresight import Foresight
from metallmix_kedro.trained.within_budget.search import SearchWithinBudget, expected_pace
from metallmix_kedro.trained.within_budget.trials import Trials
from metallmix_kedro.training import BackboneStore, NetworkStore

HISTORY = Path("data/05_model_input/history.parquet")
N_INITIAL = 5

Point = tuple[float, float, float]
"""Seconds used, validation accuracy of what leads then, and its test accuracy."""


@dataclass(frozen=True)
class Job:
    """A dataset, how trials are measured on it, what may be tried, and for how long."""

    dataset: MeasuredDataset
    parameters: ExperimentGridParameters
    space: SearchSpace
    budget_s: float
    n_trials: int
    history: Path


def measured_one_by_one(
    job: Job, proposed: Callable[[TrialMeasurer], Iterable[dict[str, Any]]]
) -> list[Point]:
    """Run a search whose trials use all images; return the leader after each."""
    started, best, curve = time.monotonic(), (-1.0, 0.0), []
    parameters = job.parameters
    stores = BackboneStore(parameters.weights, parameters.seed), NetworkStore()
    for record in proposed(TrialMeasurer(job.dataset, parameters, *stores)):
        if record["status"] == "finished":
            best = max(best, (record["validation_accuracy"], record["test_accuracy"]))
            curve.append((time.monotonic() - started, *best))
    return curve


def random_search(job: Job) -> list[Point]:
    """Try configurations at random."""

    def trials(measurer: TrialMeasurer) -> Iterable[dict[str, Any]]:
        for one in random_configurations(job.space, job.n_trials, job.parameters.seed):
            yield from measurer.measure([Proposal(one, "random", None, job.parameters.seed)])

    return measured_one_by_one(job, trials)


def bayesian_search(job: Job) -> list[Point]:
    """Try what a Gaussian process proposes, after some at random."""
    seed = job.parameters.seed

    def trials(measurer: TrialMeasurer) -> Iterable[dict[str, Any]]:
        search = BayesianSearch(job.space, seed)
        drawn = random_configurations(job.space, N_INITIAL, seed)
        for number in range(job.n_trials):
            one = drawn[number] if number < len(drawn) else search.ask()[0]
            (record,) = measurer.measure([Proposal(one, "bayesian", None, seed)])
            search.tell(one, record["validation_accuracy"] or 0.0)
            yield record

    return measured_one_by_one(job, trials)


def within_budget(job: Job) -> list[Point]:
    """Run the search of `training.budget_s`, and measure its winner with all images."""
    foresee, target, budget = know(job)
    parameters = job.parameters
    began = time.monotonic()  # what was learned is there in everyday use
    foresight = foresee()
    stores = BackboneStore(parameters.weights, parameters.seed), NetworkStore()
    trials = Trials(
        target,
        job.dataset.meta_features,
        parameters,
        foresight.configurations,
        stores[0],
        Path(parameters.cache.root) / "progress",
    )
    folds = int(target.images["fold"].nunique())
    pace = expected_pace(foresight, trials, budget, parameters, folds, trials.n_images)
    found = SearchWithinBudget(foresight, trials, pace, job.budget_s, began).run()
    best, curve = (0.0, -1.0, 0.0), []
    for one, record in zip(found.tried, found.records, strict=True):
        if one.score is not None:
            best = max(best, (one.n_train, one.score, record["test_accuracy"]))
            curve.append((one.at_s, *best[1:]))
    if found.winner is not None and best[0] < trials.n_train(0, len(trials.levels) - 1):
        winner = Proposal(found.winner.configuration, "training", None, parameters.seed)
        (record,) = TrialMeasurer(job.dataset, parameters, *stores).measure([winner])
        used_s = time.monotonic() - began
        curve.append((used_s, record["validation_accuracy"], record["test_accuracy"]))
    return curve


def know(job: Job) -> tuple[Callable[[], Foresight], TargetImages, Any]:
    """Learn from the history without the dataset."""
    dataset = job.dataset
    table = pd.read_parquet(job.history)
    history = History.scored(table, "accuracy").without(LeftOut(frozenset({dataset.name})))
    history = History(history.table[history.table["data_hash"] != dataset.data_hash])
    learning = MetaLearningParameters.model_validate(
        {**shipped_parameters("meta_learning"), "seed": job.parameters.seed}
    )
    surrogate = fit_surrogate(history.table, learning, learning.seed)
    description = TargetDescription(name=dataset.name, meta_features=dataset.meta_features)
    learned = Learned(history, surrogate, *build_index(history.table))
    outside = Target.known(description, no_probes(), learned).outside
    stored = history.table.drop(columns="score"), *surrogate.artifacts()
    known = Known(*stored, no_probes(), job.space, DecisionParameters())
    asked = Asked(name=dataset.name, meta_features=dataset.meta_features)
    usable = dataset.manifest[dataset.manifest["status"] == INCLUDED].reset_index(drop=True)
    target = TargetImages(dataset.name, dataset.root, usable, dataset.data_hash, {}, 0.0)
    foresee = partial(Foresight, asked, outside, "accuracy", known)
    return foresee, target, known_budget(history.table)


def hyperband(job: Job) -> list[Point]:
    """Run KerasTuner's Hyperband; only where it is installed."""
    from benchmarks.hyperband import search

    return search(job.dataset, job.parameters, job.space)


METHODS: dict[str, Callable[[Job], list[Point]]] = {
    "within_budget": within_budget,
    "random": random_search,
    "bayesian": bayesian_search,
    "hyperband": hyperband,
}


def run(job: Job, method: str, path: Path) -> None:
    """Run a method from an empty cache, and write its curve."""
    root = path.parent / f".{path.stem}"
    shutil.rmtree(root, ignore_errors=True)
    cache = job.parameters.cache.model_copy(update={"root": str(root)})
    parameters = job.parameters.model_copy(update={"cache": cache})
    keras.backend.clear_session()
    curve = METHODS[method](replace(job, parameters=parameters))
    found = {
        "dataset": job.dataset.name,
        "method": method,
        "seconds": curve[-1][0] if curve else None,
        "test_accuracy": curve[-1][2] if curve else None,
        "curve": curve,
    }
    path.write_text(json.dumps(found))
    shutil.rmtree(root, ignore_errors=True)


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Draw a panel a dataset, with a line a method."""
    names = sorted({one["dataset"] for one in found})
    rows = -(-len(names) // 3)
    figure = new_figure(12, 3.2 * rows)
    panels = figure.subplots(rows, min(3, len(names)), squeeze=False).ravel()
    for name, axes in zip(names, panels, strict=False):
        for one in found:
            if one["dataset"] == name and one["curve"]:
                seconds, _, tests = zip(*one["curve"], strict=True)
                axes.step(seconds, tests, where="post", label=one["method"].replace("_", " "))
        axes.set(title=name, xlabel="seconds", ylabel="test accuracy of what leads", xscale="log")
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    shipped = shipped_parameters("experiment_grid")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--images", type=Path, nargs="+", required=True, help="folders or archives")
    add("--out", type=Path, required=True, help="folder of the results; kept")
    add("--history", type=Path, help="parquet; default: the latest there is")
    add("--budget", type=float, default=300, help="seconds")
    add("--trials", type=int, default=20, help="of random and Bayesian search")
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--backbones", nargs="+", default=[f"EfficientNetLite{size}" for size in range(3)])
    add("--strategies", nargs="+", default=list(shipped_space().strategy))
    add("--subset", type=int, default=shipped["protocol"]["subset_size"])
    add("--image-size", type=int, default=shipped["protocol"]["image_size"])
    add("--seed", type=int, default=42)
    return parser.parse_args()


def grid_parameters(arguments: argparse.Namespace) -> ExperimentGridParameters:
    """Take the shipped parameters, with the arguments in place of what they name."""
    shipped = shipped_parameters("experiment_grid")
    protocol = {"subset_size": arguments.subset, "image_size": arguments.image_size}
    return ExperimentGridParameters.model_validate(
        {
            **shipped,
            "protocol": {**shipped["protocol"], **protocol},
            "cache": {**shipped["cache"], "root": str(arguments.out)},
            "lock": str(arguments.out / "lock"),
            "seed": arguments.seed,
        }
    )


def main() -> None:
    """Run what is missing, and draw all there is."""
    arguments = read_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if "hyperband" in arguments.methods and not find_spec("keras_tuner"):
        arguments.methods.remove("hyperband")
        print("Hyperband is left out: keras-tuner is not installed.")
    parameters = grid_parameters(arguments)
    space = shipped_space().restricted(backbone=arguments.backbones, strategy=arguments.strategies)
    history = arguments.history or max(HISTORY.glob("*/*.parquet"))
    ingested = ingest(arguments.images, arguments.out / "unpacked")
    for name in ingested.manifests:
        job = Job(
            ingested.measured(name), parameters, space, arguments.budget, arguments.trials, history
        )
        for method in arguments.methods:
            path = arguments.out / f"{name}-{method}.json"
            if not path.exists():
                run(job, method, path)
            told = json.loads(path.read_text())
            print(f"{name}, {method}: {told['test_accuracy']:.3f} in {told['seconds']:.0f} s")
    found = [json.loads(path.read_text()) for path in sorted(arguments.out.glob("*-*.json"))]
    (arguments.out / "within_budget.json").write_text(json.dumps(found))
    draw(found, arguments.out / "within_budget.png")


if __name__ == "__main__":
    main()
