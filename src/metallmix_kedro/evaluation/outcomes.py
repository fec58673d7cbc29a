"""What came out of a comparison, before it is summarised."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.methods.methods import LISTED
from metallmix_kedro.evaluation.protocols.replay import ReplayTable, Values
from metallmix_kedro.evaluation.statistics.luck import below_best

OUTCOME_COLUMNS = (
    "protocol", "dataset", "method", "seed", "trial_id", "n_trials", "regret",
    "regret_of_five", "score", "training_time_s", "search_time_s", "below_best",
)  # fmt: skip


@dataclass
class Comparison:
    """What came out.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        One row a protocol, dataset, method and seed, columns `OUTCOME_COLUMNS`: the trial the
        method ends with, the trials it cost, its normalised regret and that of the best of five,
        its score, all in [0, 1], and seconds; and how far its accuracy is below the best one, luck
        taken out (`evaluation.statistics.luck`).
    anytime : pandas.DataFrame
        Of the main protocol. Columns dataset, method, n_trials, regret: mean over seeds of the
        regret of the best of the first ``n_trials`` picks.
    random_curve : ndarray
        Expected regret of the best of 1, 2, … random trials, mean over datasets; as long as the
        dataset with the most recorded trials has some. A dataset that has no more trials stays
        at its best.
    excluded : dict of str to dict
        Protocol -> datasets that are not scored under it, with the reason; under the main one
        those that are scored under none.
    n_recorded : dict of str to int
        Recorded trials of each scored dataset.
    uninformed : dict of str to dict
        Protocol -> method -> datasets of which it knew none of the recorded configurations and
        took some at random.
    not_run : dict of str to dict
        Protocol -> method -> dataset -> why it could not run there.
    floors : dict of str to float
        Dataset -> the regret that noise alone is worth there; NaN where it is not known.
    response_times : dict of str to float
        Seconds a method took to choose on this machine, its median over choices.
    """

    outcomes: pd.DataFrame
    anytime: pd.DataFrame
    random_curve: Values
    excluded: dict[str, dict[str, str]]
    n_recorded: dict[str, int]
    uninformed: dict[str, dict[str, list[str]]]
    not_run: dict[str, dict[str, dict[str, str]]]
    floors: dict[str, float]
    response_times: dict[str, float]

    def under(self, protocol: str) -> pd.DataFrame:
        """Return the outcomes of the methods that ran on every target of a protocol."""
        ours = self.outcomes[self.outcomes["protocol"] == protocol]
        incomplete = list(self.not_run.get(protocol, {}))
        return ours[~ours["method"].isin(incomplete)]


def outcome(picks: list[int], n_tried: int, table: ReplayTable) -> dict[str, Any]:
    """Say what came of a list of picks, of which some are tried.

    Parameters
    ----------
    picks : list of int
        Positions in the table, at least one.
    n_tried : int
        How many of them are tried; if 1, it is recommended, not tried.
    table : ReplayTable
        The target's outcomes.

    Returns
    -------
    dict
        `OUTCOME_COLUMNS` from ``trial_id`` on.
    """
    tried = picks[:n_tried]
    kept = tried[int(np.argmax(table.scores[tried]))]
    searched = len(tried) > 1
    return {
        "trial_id": table.trial_ids.iloc[kept],
        "n_trials": len(tried) if searched else 0,
        "regret": table.regrets[kept],
        "regret_of_five": table.regrets[picks[:LISTED]].min(),
        "score": table.scores[kept],
        "training_time_s": table.training_times[kept],
        "search_time_s": table.training_times[tried].sum() if searched else 0.0,
        "below_best": below_best(table, tried),
    }
