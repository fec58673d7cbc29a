"""What leave-one-dataset-out says about the surrogate, next to the best-on-average baseline."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history import History, best_on_average
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.surrogate.residuals import recommended

PROTOCOL = (
    "Leave-one-dataset-out: each trial is predicted by a surrogate fitted and calibrated without "
    "its dataset. Picks are made among the trials recorded on the left-out dataset; normalised "
    "regret is 1 minus the pick's relative score. Means are over datasets, each counting once."
)


def report(predictions: pd.DataFrame, history: History) -> dict[str, Any]:
    """Sum up leave-one-dataset-out predictions.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As ``lodo.leave_one_dataset_out`` returns it.
    history : History
        What it was made from: gives the picks' configurations.

    Returns
    -------
    dict
        Ready for JSON. ``protocol`` in words; ``datasets``: name -> figures; ``mean``: the same
        figures averaged over datasets (those that have one); ``pooled``: R² over all trials at
        once. Figures of a dataset: ``n_trials``; ``spearman`` rank correlation of predicted and
        measured score; ``surrogate`` and ``best_on_average``: the pick's ``trial_id``,
        ``configuration``, ``score``, ``share_of_best`` (by the best recorded score) and
        ``normalised_regret``; ``random``: the expected values of a recorded trial drawn at
        random; ``coverage`` and ``interval_width`` of score, relative score and training time
        of the trials that would be recommended (width: high minus low; for the time high divided by
        low). A figure that cannot be computed is null: best-on-average has no pick where no
        recorded configuration was measured on another dataset.
    """
    n_datasets = _datasets_left_in(history)
    configurations = _configuration_ids(history)
    datasets = {
        str(name): _dataset_figures(trials, configurations, n_datasets[str(name)])
        for name, trials in predictions.groupby("dataset")
    }
    return {
        "protocol": PROTOCOL,
        "datasets": datasets,
        "mean": _mean(list(datasets.values())),
        "pooled": {
            "r2_score": _r2(predictions["score"], predictions["predicted_score"]),
            "r2_relative_score": _r2(
                predictions["relative_score"], predictions["predicted_relative_score"]
            ),
        },
    }


def baseline_pick(trials: pd.DataFrame, n_datasets: int) -> pd.Series | None:
    """Pick the recorded trial whose configuration is best on average over other datasets.

    The rule of ``history.tried.Tried.best``, among what was recorded here.

    Parameters
    ----------
    trials : pandas.DataFrame
        Leave-one-dataset-out predictions of one dataset.
    n_datasets : int
        Datasets of the baseline's training trials.

    Returns
    -------
    pandas.Series or None
        The trial's row; None if none of the configurations was measured elsewhere.
    """
    means = {
        "mean_relative_score": trials["baseline_relative_score"],
        "n_datasets": trials["baseline_n_datasets"],
    }
    row = best_on_average(pd.DataFrame(means), n_datasets)
    return None if row is None else trials.iloc[row]


def _dataset_figures(
    trials: pd.DataFrame, configurations: Mapping[str, str], n_datasets: int
) -> dict[str, Any]:
    best = float(trials["score"].max())
    pick = trials.iloc[int(np.argmax(trials["predicted_relative_score"]))]
    predicted, measured = trials["predicted_relative_score"], trials["relative_score"]
    # Intervals are to hold for what would be recommended.
    likely = trials[recommended(predicted, trials["dataset"])]
    return {
        "n_trials": len(trials),
        # Of values that are all the same there is none.
        "spearman": _number(predicted.rank().corr(measured.rank())),
        "surrogate": _pick_figures(pick, best, configurations),
        "best_on_average": _pick_figures(baseline_pick(trials, n_datasets), best, configurations),
        "random": {
            "score": _number(trials["score"].mean()),
            "share_of_best": _number(_share(float(trials["score"].mean()), best)),
            "normalised_regret": _number(1 - measured.mean()),
        },
        "coverage": {
            "score": _coverage(likely, "score", "score{}"),
            "relative_score": _coverage(likely, "relative_score", "relative{}"),
            "training_time_s": _coverage(likely, "training_time_s", "training_time{}_s"),
        },
        "interval_width": _widths(likely),
    }


def _pick_figures(
    pick: pd.Series | None, best: float, configurations: Mapping[str, str]
) -> dict[str, Any]:
    if pick is None:
        keys = ("trial_id", "configuration", "score", "share_of_best", "normalised_regret")
        return dict.fromkeys(keys)
    return {
        "trial_id": str(pick["trial_id"]),
        "configuration": configurations.get(str(pick["trial_id"])),
        "score": _number(pick["score"]),
        "share_of_best": _number(_share(float(pick["score"]), best)),
        "normalised_regret": _number(1 - pick["relative_score"]),
    }


def _coverage(trials: pd.DataFrame, measured: str, bound: str) -> float | None:
    low = trials["predicted_" + bound.format("_low")]
    high = trials["predicted_" + bound.format("_high")]
    known = trials[measured].notna() & low.notna() & high.notna()
    inside = trials[measured].between(low, high)[known]
    return _number(inside.mean()) if len(inside) else None


def _widths(trials: pd.DataFrame) -> dict[str, float | None]:
    score = trials["predicted_score_high"] - trials["predicted_score_low"]
    relative = trials["predicted_relative_high"] - trials["predicted_relative_low"]
    time = trials["predicted_training_time_high_s"] / trials["predicted_training_time_low_s"]
    return {
        "score": _number(score.mean()),
        "relative_score": _number(relative.mean()),
        "training_time_ratio": _number(time.mean()),
    }


def _r2(measured: pd.Series, predicted: pd.Series) -> float | None:
    total = float(((measured - measured.mean()) ** 2).sum())
    return _number(1 - float(((measured - predicted) ** 2).sum()) / total) if total else None


def _share(value: float, best: float) -> float:
    return value / best if best else np.nan


def _number(value: float) -> float | None:
    """Six decimals are more than trials tell; what is not a number has no place in JSON."""
    return round(float(value), 6) if np.isfinite(value) else None


def _mean(figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Average nested figures key by key; keys that hold no number are left out."""
    result: dict[str, Any] = {}
    for key, value in figures[0].items():
        values = [entry[key] for entry in figures]
        if isinstance(value, dict):
            result[key] = _mean(values)
        else:
            numbers = [number for number in values if isinstance(number, int | float)]
            if numbers:
                result[key] = _number(float(np.mean(numbers)))
    return result


def _datasets_left_in(history: History) -> dict[str, int]:
    """For each dataset, how many others have configurations to compare."""
    known = set(history.comparable["dataset"])
    return {str(name): len(known - {name}) for name in history.table["dataset"].unique()}


def _configuration_ids(history: History) -> dict[str, str]:
    known = history.known
    columns = known[list(configuration_columns())].to_dict("records")
    ids = (Configuration.from_mapping({str(k): v for k, v in row.items()}).id for row in columns)
    return dict(zip(known["trial_id"], ids, strict=True))
