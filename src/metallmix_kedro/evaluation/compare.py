"""Running every method on every dataset left out (paper, section 3.3)."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation.methods.methods import LISTED, METHODS, Method
from metallmix_kedro.evaluation.methods.one_shot import at_random
from metallmix_kedro.evaluation.outcomes import OUTCOME_COLUMNS, Comparison, Notes, Place
from metallmix_kedro.evaluation.parameters import MAIN, ProtocolName
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge, Settings
from metallmix_kedro.evaluation.protocols.protocols import (
    drawn_backbones,
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
from metallmix_kedro.history import History, LeftOut, luck_of_seeds, with_all_images
from metallmix_kedro.meta_features import add_probes
from metallmix_kedro.support import ArtifactError
from metallmix_kedro.surrogate import Fold

Plan = dict[LeftOut, list[tuple[ProtocolName, ReplayTable]]]
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
        Columns `metallmix_kedro.meta_features.probes.PROBE_COLUMNS`, of any datasets.

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
    history = history.without(LeftOut(frozenset(parameters.held_back)))
    tables, excluded = replay_tables(
        history, parameters.source, parameters.min_trials, parameters.targets
    )
    backbones = drawn_backbones(tables, parameters.max_backbones, parameters.seed)
    overlapping = settings.meta_learning.overlapping
    notes = Notes(excluded={MAIN: excluded})
    plan: Plan = {}
    protocols = possible_protocols(parameters.protocols)
    for protocol in protocols:
        for left_out, table in _targets(protocol, history, tables, backbones, overlapping, notes):
            plan.setdefault(left_out, []).append((protocol, table))
    for protocol, task, table in _tasks(plan, history, settings, probes):
        for name in _methods_under(protocol, settings):
            _run(name, METHODS[name], task, table, protocol, notes)
    outcomes = pd.DataFrame(notes.outcomes, columns=list(OUTCOME_COLUMNS))
    return Comparison(
        outcomes=_in_order(outcomes, protocols),
        anytime=pd.concat(notes.anytime, ignore_index=True),
        random_curve=_random_curve(tables),
        excluded=notes.excluded,
        n_recorded={table.dataset: len(table.scores) for table in tables},
        uninformed=notes.uninformed,
        not_run=notes.not_run,
        floors=_floors(tables, history, parameters.seed),
        response_times={name: float(np.median(seconds)) for name, seconds in notes.times.items()},
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
    backbones: tuple[str, ...],
    overlapping: Sequence[Fold],
    notes: Notes,
) -> list[tuple[LeftOut, ReplayTable]]:
    """Say what is left out for whom; nothing if a protocol has too few targets."""
    found = []
    excluded = notes.excluded.setdefault(protocol, {})
    for table in tables:
        reason = "none of the backbones that are left out was recorded on it"
        possible = []
        for left_out in left_out_for(protocol, table, history, backbones, overlapping):
            too_little = too_little_left(history.without(left_out))
            if too_little is None:
                possible.append((left_out, table))
            reason = too_little or reason
        if not possible:
            excluded[table.dataset] = reason
        found += possible
    n_targets = len({table.dataset for _, table in found})
    if n_targets >= MIN_DATASETS:
        return found
    if protocol == MAIN:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
        raise ArtifactError(
            f"Only {n_targets} datasets leave enough of the history to learn from when they are "
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
        knowledge = Knowledge.without(history, left_out, settings)
        for protocol, table in targets:
            yield protocol, Task.of(table, knowledge, left_out, probes), table


def _run(
    name: str, method: Method, task: Task, table: ReplayTable, protocol: ProtocolName, notes: Notes
) -> None:
    """Run one method on one target, with all its seeds."""
    place = Place(protocol, table.dataset, task.left_out.backbone or "", name)
    missing = method.missing and method.missing(task)
    if missing:
        notes.has_not_run(place, missing)
        return
    for fit in method.fits:
        task.knowledge.learn(fit)
    n_tried = method.n_tried(task.settings)
    paths = []
    for seed in range(method.n_seeds(task.settings)):
        rng = np.random.default_rng([task.settings.evaluation.seed, seed])
        started = time.perf_counter()
        picks = method.choose(task, rng, method.n_listed(task.settings))
        seconds = time.perf_counter() - started
        if not picks:
            notes.is_uninformed(place)
            picks = at_random(task, rng, LISTED)
        notes.has_chosen(place, seed, picks, n_tried, table)
        if protocol == MAIN:
            notes.times.setdefault(name, []).append(seconds)
            paths.append(np.minimum.accumulate(table.regrets[picks[:n_tried]]))
    if protocol == MAIN:
        notes.anytime.append(_anytime(name, table, np.mean(paths, axis=0)))


def _anytime(name: str, table: ReplayTable, path: Values) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": table.dataset,
            "method": name,
            "n_trials": np.arange(1, len(path) + 1),
            "regret": path,
        }
    )


def _in_order(outcomes: pd.DataFrame, protocols: tuple[ProtocolName, ...]) -> pd.DataFrame:
    """Sort by protocol and dataset, so that the order of the fits does not show."""
    return outcomes.sort_values(
        ["protocol", "dataset", "left_out"],
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
