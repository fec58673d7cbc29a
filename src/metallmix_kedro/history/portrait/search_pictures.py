"""The picture of the searches of a history as they went on (the paper's Table 3, in time)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.history.searches import SEARCHES, Search, follow_search
from metallmix_kedro.support import Axes, Figure, empty_figure, new_figure, require

STYLES: dict[str, dict[str, Any]] = {
    "random_search": {"color": "#333333", "marker": "v", "label": "random search"},
    "bayesian_search": {"color": "#009E73", "marker": "P", "label": "Bayesian optimisation"},
}


def plot_searches(history: pd.DataFrame, searches: Mapping[str, Search]) -> Figure:
    """Draw the test accuracy of the trial chosen so far against trials and against time.

    Chosen is the trial with the highest validation accuracy so far, so that a curve may fall.

    Parameters
    ----------
    history : pandas.DataFrame
        Holds the trials of the searches.
    searches : mapping of str to mapping
        The searches of `metallmix_kedro.grid.retrace`.

    Returns
    -------
    matplotlib.figure.Figure
        The mean over the datasets that all searches ran on, by number of trials and by the sum of
        recorded training times. Of one search only, all its datasets.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ArtifactError
        If the history lacks a trial of a search.
    """
    paths = _paths(history, searches)
    if not paths:
        return empty_figure("No search has been retraced (node retrace_searches).")
    names = sorted(next(iter(paths.values())))
    figure = new_figure(11, 4)
    by_trials, by_time = figure.subplots(1, 2, sharey=True)
    for search, by_dataset in paths.items():
        _draw_mean_by_trials(by_trials, search, list(by_dataset.values()))
        _draw_mean_by_time(by_time, search, list(by_dataset.values()))
    of = f"mean of {len(names)} datasets" if len(names) > 1 else names[0]
    by_trials.set_title(f"By number of trials ({of})")
    by_trials.set_xlabel("trials run")
    by_trials.set_ylabel("test accuracy of the trial that\nvalidated best so far")
    by_trials.locator_params(axis="x", integer=True)
    by_time.set_title(f"By time ({of})")
    by_time.set_xlabel("sum of recorded trial times (s)")
    by_time.set_xscale("log")
    plain = require("matplotlib.ticker", "learn").LogFormatter
    by_time.xaxis.set_major_formatter(plain())
    by_time.xaxis.set_minor_formatter(plain(minor_thresholds=(1.2, 0.4)))
    for axes in (by_trials, by_time):
        axes.grid(alpha=0.3)
    by_trials.legend(frameon=False, loc="lower right")
    return figure


def _paths(
    history: pd.DataFrame, searches: Mapping[str, Search]
) -> dict[str, dict[str, pd.DataFrame]]:
    """Follow the searches: by search and dataset, only datasets that all searches ran on."""
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for name in SEARCHES:
        own = [search for search in searches.values() if search["search"] == name]
        if own:
            found[name] = {one["dataset"]: follow_search(history, one) for one in own}
    shared = set.intersection(*(set(path) for path in found.values())) if found else set()
    return {
        search: {name: steps for name, steps in by_dataset.items() if name in shared}
        for search, by_dataset in found.items()
        if shared
    }


def _draw_mean_by_trials(axes: Axes, search: str, paths: list[pd.DataFrame]) -> None:
    """Draw the mean as far as all searches got, once each has chosen a trial."""
    length = min(map(len, paths))
    curves = np.array([path["chosen_test_accuracy"].to_numpy()[:length] for path in paths])
    axes.plot(np.arange(1, length + 1), curves.mean(axis=0), markersize=5, **STYLES[search])


def _draw_mean_by_time(axes: Axes, search: str, paths: list[pd.DataFrame]) -> None:
    """Draw the mean over time, once each search has chosen a trial, until all have ended."""
    times = np.unique(np.concatenate([path["total_time_s"].to_numpy() for path in paths]))
    curves = np.array([_at(path, times) for path in paths])
    chosen = np.isfinite(curves).all(axis=0) & (times > 0)
    style = {key: value for key, value in STYLES[search].items() if key != "marker"}
    axes.step(times[chosen], curves.mean(axis=0)[chosen], where="post", linewidth=2, **style)


def _at(path: pd.DataFrame, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the accuracy chosen at each time; after its end a search keeps its choice."""
    steps = np.searchsorted(path["total_time_s"], times, side="right") - 1
    accuracies = path["chosen_test_accuracy"].to_numpy()[np.maximum(steps, 0)]
    return np.where(steps < 0, np.nan, accuracies)
