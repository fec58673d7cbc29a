"""Whether the recommendation knows when it does not know, on datasets left out.

Two of its statements are put to the test: the chance that a configuration beats the one that is
best on average, and the warning that a target is unlike anything in the history.
"""

from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.methods.neighbours import comparable_index
from metallmix_kedro.evaluation.methods.one_shot import by_surrogate
from metallmix_kedro.evaluation.protocols.replay import ReplayTable
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.meta_features import ProbeLevel
from metallmix_kedro.retrieval import Novelty, measure_novelty
from metallmix_kedro.surrogate import LEVELS, known_level

EDGES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Where one bin of chances ends and the next begins: most chances are small."""

CHANCE_COLUMNS = ("dataset", "probes", "chance", "beats")
TARGET_COLUMNS = (
    "protocol", "dataset", "distance", "outside", "mean_error", "mean_score_error", "regret",
)  # fmt: skip


def stated_chances(task: Task, table: ReplayTable) -> pd.DataFrame:
    """Return the stated chance of each candidate to beat the best on average, and if it does.

    Parameters
    ----------
    task : Task
    table : ReplayTable
        The target's outcomes.

    Returns
    -------
    pandas.DataFrame
        Columns `CHANCE_COLUMNS`, a row a candidate but the best on average, for each level of
        probes known; empty if no candidate is known from other datasets.
    """
    averages = known_averages(task).index
    if not len(averages):
        return pd.DataFrame(columns=list(CHANCE_COLUMNS))
    best = int(averages[0])
    others = np.arange(len(task.candidates)) != best
    levels: dict[ProbeLevel, None] = dict.fromkeys((LEVELS[0], known_level(task.candidates)))
    return pd.concat(
        pd.DataFrame(
            {
                "dataset": table.dataset,
                "probes": level,
                "chance": task.outlook(level).chance_to_beat(best)[others],
                "beats": (table.scores > table.scores[best])[others],
            }
        )
        for level in levels
    )


def target_errors(protocol: str, task: Task, table: ReplayTable) -> dict[str, Any]:
    """Say how far a target is from the history, and how wrong the predictions for it are.

    Returns
    -------
    dict
        Keys `TARGET_COLUMNS`: ``distance`` to the most similar dataset, ``outside`` if it is
        flagged as unlike them all (both None where its meta-features are not known); mean absolute
        errors of relative score and score over its recorded trials; the pick's regret.
    """
    novelty = _novelty(task)
    predicted = task.predicted()
    picked = by_surrogate(task, np.random.default_rng(0), 1)[0]
    return {
        "protocol": protocol,
        "dataset": table.dataset,
        "distance": novelty.distance if novelty else None,
        "outside": novelty.is_outlier if novelty else None,
        "mean_error": float(np.abs(1 - table.regrets - predicted["relative_score"]).mean()),
        "mean_score_error": float(np.abs(table.scores - predicted["score"]).mean()),
        "regret": float(table.regrets[picked]),
    }


def _novelty(task: Task) -> Novelty | None:
    made = comparable_index(task)
    return None if made is None else measure_novelty(*made, task.target)


def chance_table(chances: pd.DataFrame) -> pd.DataFrame:
    """Compare stated chances with how often they came true.

    Parameters
    ----------
    chances : pandas.DataFrame
        From `stated_chances`, of all datasets.

    Returns
    -------
    pandas.DataFrame
        A row a level of probes and bin of chances that occurs: ``probes``, ``chance_from``,
        ``chance_to``, ``n_trials``, ``mean_chance``, ``share_true``, all but the counts in [0, 1].
    """
    edges = np.array([0.0, *EDGES, 1.0])
    bins = np.searchsorted(edges, chances["chance"].to_numpy(dtype=float), side="right") - 1
    binned = chances.assign(bin=np.minimum(bins, len(edges) - 2))
    table = binned.groupby(["probes", "bin"], sort=True).agg(
        n_trials=("beats", "size"), mean_chance=("chance", "mean"), share_true=("beats", "mean")
    )
    table = table.reset_index()
    return table.assign(chance_from=edges[table["bin"]], chance_to=edges[table["bin"] + 1])[
        ["probes", "chance_from", "chance_to", "n_trials", "mean_chance", "share_true"]
    ]


def uncertainty_report(chances: pd.DataFrame, targets: pd.DataFrame) -> dict[str, Any]:
    """Sum up both tests as JSON values.

    Parameters
    ----------
    chances : pandas.DataFrame
        From `stated_chances`, of all datasets.
    targets : pandas.DataFrame
        Rows of `target_errors`, of all protocols.

    Returns
    -------
    dict
        ``chance_to_beat_best_on_average``: level of probes -> Brier score of the stated chances,
        and of one who always states the share that came true. ``outside_the_history``: protocol ->
        how many targets are flagged and how many are not, with their mean errors (None without
        one).
    """
    stated = {}
    for level, part in chances.groupby("probes"):
        share = float(part["beats"].mean())
        error = part["chance"] - part["beats"].astype(float)
        stated[str(level)] = {
            "n_trials": len(part),
            "brier_score": float((error**2).mean()),
            "brier_score_of_the_share": share * (1 - share),
        }
    outside = {}
    for protocol, part in targets.dropna(subset="outside").groupby("protocol", sort=False):
        flagged = part["outside"].astype(bool)
        outside[str(protocol)] = {
            "flagged": _errors(part[flagged]),
            "not_flagged": _errors(part[~flagged]),
            "flagged_datasets": part.loc[flagged, "dataset"].tolist(),
        }
    return {"chance_to_beat_best_on_average": stated, "outside_the_history": outside}


def _errors(part: pd.DataFrame) -> dict[str, Any]:
    means = part[["mean_error", "mean_score_error", "regret"]].mean()
    known = {str(name): float(value) if len(part) else None for name, value in means.items()}
    return {"n_datasets": len(part), **known}
