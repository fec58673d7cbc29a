"""Running every method on every dataset left out (paper, section 3.3)."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.evaluation.methods import METHODS, Method
from metallmix_kedro.evaluation.replay import ReplayTable, Values, replay_tables
from metallmix_kedro.evaluation.scores import expected_best_of
from metallmix_kedro.evaluation.task import Settings, Task

OUTCOME_COLUMNS = (
    "dataset",
    "method",
    "seed",
    "trial_id",
    "n_trials",
    "regret",
    "accuracy",
    "training_time_s",
    "search_time_s",
)


@dataclass
class Comparison:
    """What came out, before it is summarised.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        One row a dataset, method and seed, columns `OUTCOME_COLUMNS`: the trial the method ends
        with, the trials it cost, normalised regret and accuracy in [0, 1], seconds.
    anytime : pandas.DataFrame
        Columns dataset, method, n_trials, regret: mean over seeds of the regret of the best of
        the first ``n_trials`` picks.
    random_curve : ndarray
        Expected regret of the best of 1, 2, … random trials, mean over datasets; as long as the
        dataset with the most recorded trials has some. A dataset that has no more trials stays
        at its best.
    excluded : dict of str to str
        Datasets that are not scored, with the reason.
    n_recorded : dict of str to int
        Recorded trials of each scored dataset.
    uninformed : dict of str to list of str
        Methods that knew none of the recorded configurations of these datasets and took one at
        random.
    response_times : dict of str to float
        Seconds a method took to choose on this machine, its median over choices.
    """

    outcomes: pd.DataFrame
    anytime: pd.DataFrame
    random_curve: Values
    excluded: dict[str, str]
    n_recorded: dict[str, int]
    uninformed: dict[str, list[str]]
    response_times: dict[str, float]


@dataclass
class _Notes:
    """What is written down while the methods run."""

    outcomes: list[dict[str, Any]] = field(default_factory=list)
    anytime: list[pd.DataFrame] = field(default_factory=list)
    uninformed: dict[str, list[str]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)


def compare_methods(history: pd.DataFrame, settings: Settings) -> Comparison:
    """Let every method choose for every dataset, with nothing of it in any fit.

    Parameters
    ----------
    history : pandas.DataFrame
        All trials; satisfies `HistorySchema`.
    settings : Settings
        The parameters of the evaluation and of what a recommendation uses.

    Returns
    -------
    Comparison

    Raises
    ------
    ArtifactError
        If fewer than three datasets can be scored.
    MissingExtraError
        If Bayesian optimisation is asked for and scikit-learn is not installed.
    """
    parameters = settings.evaluation
    tables, excluded = replay_tables(history, parameters.source, parameters.min_trials)
    notes = _Notes()
    for table in _with_progress(tables):
        task = Task.leaving_out(history, table, settings)
        for name in parameters.methods:
            _run(name, METHODS[name], task, table, notes)
    return Comparison(
        outcomes=pd.DataFrame(notes.outcomes, columns=list(OUTCOME_COLUMNS)),
        anytime=pd.concat(notes.anytime, ignore_index=True),
        random_curve=_random_curve(tables),
        excluded=excluded,
        n_recorded={table.dataset: len(table.scores) for table in tables},
        uninformed=notes.uninformed,
        response_times={name: float(np.median(seconds)) for name, seconds in notes.times.items()},
    )


def _with_progress(tables: list[ReplayTable]) -> Iterator[ReplayTable]:
    console = Console(stderr=True)
    yield from track(
        tables,
        description="Evaluating, one dataset left out at a time",
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _run(name: str, method: Method, task: Task, table: ReplayTable, notes: _Notes) -> None:
    """Run one method on one dataset, with all its seeds."""
    n_picks = method.n_picks(task.settings)
    if method.uses_surrogate:
        _ = task.surrogate
    paths = []
    for seed in range(method.n_seeds(task.settings)):
        rng = np.random.default_rng([task.settings.evaluation.seed, seed])
        started = time.perf_counter()
        picks = method.choose(task, rng, n_picks)
        notes.times.setdefault(name, []).append(time.perf_counter() - started)
        if not picks:
            notes.uninformed.setdefault(name, []).append(table.dataset)
            picks = [int(rng.integers(len(table.scores)))]
        notes.outcomes.append(_outcome(name, seed, picks, table))
        paths.append(np.minimum.accumulate(table.regrets[picks]))
    notes.anytime.append(_anytime(name, table, np.mean(paths, axis=0)))


def _outcome(name: str, seed: int, picks: list[int], table: ReplayTable) -> dict[str, Any]:
    kept = picks[int(np.argmax(table.scores[picks]))]
    return {
        "dataset": table.dataset,
        "method": name,
        "seed": seed,
        "trial_id": table.trial_ids.iloc[kept],
        # A single pick is recommended, not tried.
        "n_trials": len(picks) if len(picks) > 1 else 0,
        "regret": table.regrets[kept],
        "accuracy": table.scores[kept],
        "training_time_s": table.training_times[kept],
        "search_time_s": table.training_times[picks].sum() if len(picks) > 1 else 0.0,
    }


def _anytime(name: str, table: ReplayTable, path: Values) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": table.dataset,
            "method": name,
            "n_trials": np.arange(1, len(path) + 1),
            "regret": path,
        }
    )


def _random_curve(tables: list[ReplayTable]) -> Values:
    curves = [expected_best_of(table.regrets) for table in tables]
    longest = max(len(curve) for curve in curves)
    padded = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    mean: Values = np.mean(padded, axis=0)
    return mean
