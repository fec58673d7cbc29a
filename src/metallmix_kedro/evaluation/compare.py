"""Running every method on every dataset left out (paper, section 3.3)."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation.methods.methods import LISTED, METHODS
from metallmix_kedro.evaluation.methods.one_shot import at_random
from metallmix_kedro.evaluation.outcomes import OUTCOME_COLUMNS, Comparison, outcome
from metallmix_kedro.evaluation.parameters import MAIN, ProtocolName
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge, Settings
from metallmix_kedro.evaluation.protocols.protocols import (
    left_out_for,
    possible_protocols,
    too_little_left,
)
from metallmix_kedro.evaluation.protocols.replay import (
    MIN_DATASETS,
    ReplayTable,
    Values,
    replay_tables,
)
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.evaluation.statistics.luck import noise_floor
from metallmix_kedro.evaluation.statistics.scores import expected_best_of
from metallmix_kedro.history import History, luck_of_seeds, with_all_images
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.support import ArtifactError
from metallmix_kedro.surrogate import Fold

Plan = dict[Fold, list[tuple[ProtocolName, ReplayTable]]]
"""What is left out, and the targets for which it is, under which protocol."""


def compare_methods(
    history: History, settings: Settings, probes: pd.DataFrame | None = None
) -> Comparison:
    """Let every method choose for every dataset, with nothing of it in any fit.

    Parameters
    ----------
    history : History
        All trials.
    settings : Settings
        The parameters of the evaluation and of what a recommendation uses.
    probes : pandas.DataFrame, optional
        Columns `meta_features.probes.columns.PROBE_COLUMNS`, of any datasets.

    Returns
    -------
    Comparison

    Raises
    ------
    ArtifactError
        If fewer than three datasets can be scored.
    ParameterError
        If a dataset to be scored is not in the history.
    MissingExtraError
        If Bayesian optimisation is asked for and scikit-learn is not installed.
    """
    parameters = settings.evaluation
    if probes is not None and network():
        history = History(add_probes(history.table, probes))
    history = history.without(frozenset(parameters.held_back))
    tables, unusable = replay_tables(
        history, parameters.source, parameters.min_trials, parameters.targets
    )
    protocols = possible_protocols(parameters.protocols)
    excluded: dict[str, dict[str, str]] = {MAIN: unusable}
    plan: Plan = {}
    for protocol in protocols:
        reasons = excluded.setdefault(protocol, {})
        overlapping = settings.meta_learning.overlapping
        for left_out, table in _targets(protocol, history, tables, overlapping, reasons):
            plan.setdefault(left_out, []).append((protocol, table))
    chosen: list[dict[str, Any]] = []
    not_run: dict[str, dict[str, dict[str, str]]] = {}
    for protocol, task, table in _tasks(plan, history, settings, probes):
        for name in _methods_under(protocol, settings):
            missing = METHODS[name].missing
            if reason := missing and missing(task):
                without = not_run.setdefault(protocol, {}).setdefault(name, {})
                without[table.dataset] = reason
            else:
                chosen += _choices(protocol, name, task, table)
    made = pd.DataFrame(chosen, columns=[*OUTCOME_COLUMNS, "informed", "seconds", "path"])
    main = made[made["protocol"] == MAIN]
    return Comparison(
        outcomes=_in_order(made[list(OUTCOME_COLUMNS)], protocols),
        anytime=_anytime(main),
        random_curve=_random_curve(tables),
        excluded=excluded,
        n_recorded={table.dataset: len(table.scores) for table in tables},
        uninformed=_uninformed(made),
        not_run=not_run,
        floors=_floors(tables, history, parameters.seed),
        response_times={
            str(name): seconds
            for name, seconds in main.groupby("method", sort=False)["seconds"].median().items()
        },
    )


def _methods_under(protocol: ProtocolName, settings: Settings) -> list[str]:
    asked = settings.evaluation.methods
    return [
        name
        for name in asked
        if (protocol == MAIN or METHODS[name].learns)
        and (METHODS[name].missing is None or network())
    ]


def _targets(
    protocol: ProtocolName,
    history: History,
    tables: list[ReplayTable],
    overlapping: Sequence[Fold],
    excluded: dict[str, str],
) -> list[tuple[Fold, ReplayTable]]:
    """Say what is left out for whom, and who is `excluded`; nothing if too few targets remain."""
    found = []
    for table in tables:
        left_out = left_out_for(protocol, table, history, overlapping)
        if reason := too_little_left(history.without(left_out)):
            excluded[table.dataset] = reason
        else:
            found.append((left_out, table))
    if len(found) >= MIN_DATASETS:
        return found
    if protocol == MAIN:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
        raise ArtifactError(
            f"Only {len(found)} datasets leave enough of the history to learn from when they are "
            f"left out; at least {MIN_DATASETS} are needed. {reasons}. Measure trials on more "
            "datasets (pipeline experiment_grid), or import some."
        )
    return []


def _tasks(
    plan: Plan, history: History, settings: Settings, probes: pd.DataFrame | None
) -> Iterator[tuple[ProtocolName, Task, ReplayTable]]:
    console = Console(stderr=True)
    for left_out, targets in track(
        plan.items(),
        description="Evaluating, one set of trials left out at a time",
        total=len(plan),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ):
        knowledge = Knowledge(history.without(left_out), settings)
        for protocol, table in targets:
            yield protocol, Task.of(table, knowledge, probes), table


def _choices(
    protocol: ProtocolName, name: str, task: Task, table: ReplayTable
) -> Iterator[dict[str, Any]]:
    """Run one method on one target, with all its seeds."""
    method = METHODS[name]
    for fit in method.fits:
        task.knowledge.learn(fit)
    n_tried = method.n_tried(task.settings)
    for seed in range(method.n_seeds(task.settings)):
        rng = np.random.default_rng([task.settings.evaluation.seed, seed])
        started = time.perf_counter()
        own = method.choose(task, rng, method.n_listed(task.settings))
        seconds = time.perf_counter() - started
        picks = own or at_random(task, rng, LISTED)
        yield {
            "protocol": protocol,
            "dataset": table.dataset,
            "method": name,
            "seed": seed,
            **outcome(picks, n_tried, table),
            "informed": bool(own),
            "seconds": seconds,
            "path": np.minimum.accumulate(table.regrets[picks[:n_tried]]),
        }


def _anytime(made: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (dataset, method, n_trials, regret)
        for (dataset, method), paths in made.groupby(["dataset", "method"], sort=False)["path"]
        for n_trials, regret in enumerate(np.mean(paths.tolist(), axis=0), start=1)
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "n_trials", "regret"])


def _uninformed(made: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    places = made.loc[~made["informed"].astype(bool), ["protocol", "method", "dataset"]]
    for protocol, method, dataset in places.drop_duplicates().itertuples(index=False, name=None):
        found.setdefault(protocol, {}).setdefault(method, []).append(dataset)
    return found


def _in_order(outcomes: pd.DataFrame, protocols: tuple[ProtocolName, ...]) -> pd.DataFrame:
    """Sort by protocol and dataset, so that the order of the fits does not show."""
    return outcomes.sort_values(
        ["protocol", "dataset"],
        key=lambda column: column.map(protocols.index) if column.name == "protocol" else column,
        ignore_index=True,
    )


def _floors(tables: list[ReplayTable], history: History, seed: int) -> dict[str, float]:
    repeated = with_all_images(history.table)
    # Of each dataset its own: what a split is worth differs by a factor of ten between them.
    return {
        table.dataset: noise_floor(
            table, luck_of_seeds(repeated[repeated["dataset"] == table.dataset])[0], seed
        )
        for table in tables
    }


def _random_curve(tables: list[ReplayTable]) -> Values:
    curves = [expected_best_of(table.regrets) for table in tables]
    longest = max(len(curve) for curve in curves)
    padded = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    mean: Values = np.mean(padded, axis=0)
    return mean
