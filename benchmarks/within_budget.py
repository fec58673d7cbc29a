"""Accuracy against wall time: trials within a budget, random search, Bayesian search, Hyperband.

For each dataset, left out of the history that anything is learned from, every method searches the
same space with the same images and epochs, each from an empty cache: `training.budget_s` with
``--budget`` seconds; 20 random trials; 20 trials of Bayesian optimisation, 5 of them random
(scikit-optimize); and, for ``--cap`` seconds at most, KerasTuner's Hyperband on
`benchmarks.keras_loop`, where keras-tuner is installed. The first three run on the engine and are
tested on the same folds; Hyperband on the first of them. Validation steers; drawn is the test
accuracy of whatever leads.

Goals: within 300 s at least the accuracy of either search after 20 trials, in at most a fifth of
the wall time of either.

    python -m benchmarks.within_budget --images flowers.tar.gz weather.tar.gz --out curves

``trials.jsonl`` gets a line as each trial ends; the same command goes on where it was stopped, and
does not run again what is done. ``within_budget.png`` is of all that the file holds.
"""

import argparse
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from benchmarks.declared_space import shipped_parameters, shipped_space
from benchmarks.measured_datasets import ingest
from benchmarks.within_budget_curves import Account, curves, draw, read, tell
from metallmix_kedro.decision import DecisionParameters, Learned, Target
from metallmix_kedro.decision.target_warnings import known_budget
from metallmix_kedro.grid import ExperimentGridParameters, MeasuredDataset, Proposal, TrialMeasurer
from metallmix_kedro.grid.proposals import BayesianSearch, random_configurations
from metallmix_kedro.history import History
from metallmix_kedro.images.manifest import INCLUDED
from metallmix_kedro.meta_features import TargetDescription, no_probes
from metallmix_kedro.retrieval import build_index
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.surrogate import MetaLearningParameters, fit_surrogate
from metallmix_kedro.trained import Known, TargetImages
from metallmix_kedro.trained.within_budget.foresight import Foresight
from metallmix_kedro.trained.within_budget.search import SearchWithinBudget, expected_pace
from metallmix_kedro.trained.within_budget.trials import Trials
from metallmix_kedro.training import BackboneStore, NetworkStore

HISTORY = Path("data/05_model_input/history.parquet")
N_INITIAL = 5


@dataclass(frozen=True)
class Job:
    """A dataset, how trials are measured on it, what may be tried, and for how long."""

    dataset: MeasuredDataset
    parameters: ExperimentGridParameters
    space: SearchSpace
    budget_s: float
    n_trials: int
    cap_s: float
    history: Path


def measurer(job: Job) -> TrialMeasurer:
    """Return what measures trials with the engine."""
    parameters = job.parameters
    stores = BackboneStore(parameters.weights, parameters.seed), NetworkStore()
    return TrialMeasurer(job.dataset, parameters, *stores)


def random_search(job: Job, account: Account) -> None:
    """Try configurations at random."""
    seed, engine = job.parameters.seed, measurer(job)
    for one in random_configurations(job.space, job.n_trials, seed)[len(account.lines) :]:
        (record,) = engine.measure([Proposal(one, "random", None, seed)])
        account.trial(record["validation_accuracy"], record["test_accuracy"])


def bayesian_search(job: Job, account: Account) -> None:
    """Try what a Gaussian process proposes, after some at random."""
    seed, engine = job.parameters.seed, measurer(job)
    search, drawn = (
        BayesianSearch(job.space, seed),
        random_configurations(job.space, N_INITIAL, seed),
    )
    known = list(account.lines)
    for number in range(job.n_trials):
        one = drawn[number] if number < N_INITIAL else search.ask()[0]
        if number == len(known):
            account.start()  # what was told to begin with again has been counted
        if number < len(known):
            search.tell(one, known[number]["validation"] or 0.0)
            continue
        (record,) = engine.measure([Proposal(one, "bayesian", None, seed)])
        search.tell(one, record["validation_accuracy"] or 0.0)
        account.trial(record["validation_accuracy"], record["test_accuracy"])


class ToldTrials(Trials):
    """Trials within a budget that are written down as they end."""

    account: Account

    def measure(self, *arguments: Any) -> Any:
        """Measure a trial, and write it down."""
        done = super().measure(*arguments)
        record = done.record
        # What was not trained on all folds fell behind, whatever it had on the others.
        is_whole = record["n_folds"] == self.n_folds
        self.account.trial(record["validation_accuracy"], record["test_accuracy"], is_whole)
        return done


def within_budget(job: Job, account: Account) -> None:
    """Run the search of `training.budget_s`; test its winner on the folds of the other methods."""
    known, target, budget = know(job)
    parameters = job.parameters
    account.start()  # what was learned is there in everyday use
    began = time.monotonic()
    foresight = Foresight(known)
    trials = ToldTrials(
        target,
        job.dataset.meta_features,
        parameters,
        foresight.configurations,
        BackboneStore(parameters.weights, parameters.seed),
        Path(parameters.cache.root) / "progress",
    )
    trials.account = account
    pace = expected_pace(foresight, trials, budget, parameters, 1, trials.n_images)
    found = SearchWithinBudget(foresight, trials, pace, job.budget_s, began).run()
    if found.winner is not None:
        account.pause()
        winner = Proposal(found.winner.configuration, "training", None, parameters.seed)
        (record,) = measurer(job).measure([winner])
        account.settle(record["validation_accuracy"], record["test_accuracy"])


def know(job: Job) -> tuple[Known, TargetImages, Any]:
    """Learn from the history without the dataset."""
    dataset = job.dataset
    history = History.scored(pd.read_parquet(job.history), "accuracy")
    table = history.without(frozenset({dataset.name})).table
    history = History(table[table["data_hash"] != dataset.data_hash])
    learning = MetaLearningParameters.model_validate(
        {**shipped_parameters("meta_learning"), "seed": job.parameters.seed}
    )
    surrogate = fit_surrogate(history.table, learning, learning.seed)
    learned = Learned(history, surrogate, *build_index(history.table))
    description = TargetDescription(name=dataset.name, meta_features=dataset.meta_features)
    asked = Target.known(description, no_probes(), learned)
    usable = dataset.manifest[dataset.manifest["status"] == INCLUDED].reset_index(drop=True)
    target = TargetImages(dataset.name, dataset.root, usable, dataset.data_hash, {}, 0.0)
    budget = known_budget(history.table, asked.n_train)
    return Known(learned, asked, job.space, DecisionParameters()), target, budget


def hyperband(job: Job, account: Account) -> None:
    """Run KerasTuner's Hyperband; only where it is installed."""
    from benchmarks.hyperband import search

    def is_time_left() -> bool:
        return account.seconds < job.cap_s

    search(job.dataset, job.parameters, job.space, account.trial, is_time_left)


METHODS: dict[str, Callable[[Job, Account], None]] = {
    "within_budget": within_budget,
    "random": random_search,
    "bayesian": bayesian_search,
    "hyperband": hyperband,
}


def run(job: Job, method: str, path: Path) -> None:
    """Run a method from an empty cache, or go on with it; write its lines."""
    account = Account(path, method, job.dataset.name)
    if account.is_done:
        return
    root = path.parent / f".{job.dataset.name}-{method}"
    if not account.lines:
        shutil.rmtree(root, ignore_errors=True)
    cache = job.parameters.cache.model_copy(update={"root": str(root)})
    parameters = job.parameters.model_copy(update={"cache": cache})
    keras.backend.clear_session()
    METHODS[method](Job(**{**vars(job), "parameters": parameters}), account)
    account.write({"done": True})
    shutil.rmtree(root, ignore_errors=True)


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
    add("--cap", type=float, default=3600, help="seconds of Hyperband")
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
    missing = [name for name in ("keras_tuner", "tensorboard") if not find_spec(name)]
    if "hyperband" in arguments.methods and missing:
        arguments.methods.remove("hyperband")
        print(f"Hyperband is left out: {', '.join(missing)} is not installed.")
    parameters, path = grid_parameters(arguments), arguments.out / "trials.jsonl"
    space = shipped_space().restricted(backbone=arguments.backbones, strategy=arguments.strategies)
    history = arguments.history or max(HISTORY.glob("*/*.parquet"))
    ingested = ingest(arguments.images, arguments.out / "unpacked")
    for name in ingested.manifests:
        limits = arguments.budget, arguments.trials, arguments.cap
        job = Job(ingested.measured(name), parameters, space, *limits, history)
        for method in arguments.methods:
            run(job, method, path)
            print(f"{name}: {method} is done", flush=True)
    found = curves(read(path))
    tell(found)
    draw(found, list(METHODS), arguments.out / "within_budget.png")


if __name__ == "__main__":
    main()
