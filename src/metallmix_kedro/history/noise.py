"""How far a recorded score is from what the configuration is worth: luck of images and of seeds.

The best of many noisy records is partly the luckiest. So choices are also scored on test images on
which they were not made, and a regret is set beside what noise alone is worth.
"""

import json

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.columns import ACCURACY
from metallmix_kedro.history.relative import has_score

Values = npt.NDArray[np.float64]

FEWEST_ALIKE = 5
"""Trials on the same test images of which it can be said that one half is harder."""

NOISE_COLUMNS: tuple[str, ...] = (
    "level", "strategy", "n_trials", "test_sd", "n_repeated", "seed_sd"
)  # fmt: skip


def half_accuracies(trials: pd.DataFrame) -> Values:
    """Return the accuracy on each half of a trial's test images, made comparable between trials.

    One half may be harder than the other for all trials on the same test images. Where
    `FEWEST_ALIKE` trials or more share them, that difference is taken out, or trials whose images
    were divided in another way would be compared with it.

    Parameters
    ----------
    trials : pandas.DataFrame
        Trials with the columns of the history; n rows.

    Returns
    -------
    ndarray
        Shape (n, 2), about [0, 1]; NaN where the halves were not recorded.
    """
    halves = np.full((len(trials), 2), np.nan)
    if not {"test_images", "test_hits"} <= set(trials):
        return halves
    known = trials["test_images"].notna() & trials["test_hits"].notna()
    for row in np.flatnonzero(known):
        images, hits = (
            np.asarray(json.loads(trials[column].iloc[row]), dtype=np.float64)
            for column in ("test_images", "test_hits")
        )
        counts = [images[half::2].sum() for half in (0, 1)]
        if all(counts):
            halves[row] = [hits[half::2].sum() / counts[half] for half in (0, 1)]
    keys = [trials[name] for name in ("dataset", "test_images") if name in trials]
    for places in trials.groupby(keys, observed=True).indices.values():
        if len(places) >= FEWEST_ALIKE:
            shared = np.nanmean(halves[places, 0] - halves[places, 1]) / 2
            halves[places] += np.array([-shared, shared])
    return halves


def luck_of_images(halves: Values) -> float:
    """Return the standard deviation that the test images leave between trials of one dataset.

    Both halves are harder or easier for all trials alike; what is left of their differences is
    luck. The mean of two halves has half the standard deviation of their difference.

    Parameters
    ----------
    halves : ndarray
        From `half_accuracies`, of one dataset and level, shape (n, 2).

    Returns
    -------
    float
        NaN with fewer than two trials whose halves are known.
    """
    known = halves[~np.isnan(halves).any(axis=1)]
    return float((known[:, 0] - known[:, 1]).std(ddof=1) / 2) if len(known) > 1 else np.nan


def luck_of_seeds(trials: pd.DataFrame) -> tuple[float, int]:
    """Return the standard deviation over seeds of one configuration on one dataset and level.

    Parameters
    ----------
    trials : pandas.DataFrame
        Trials with the columns of the history.

    Returns
    -------
    seed_sd : float
        Pooled over what was repeated; NaN if nothing was.
    n_repeated : int
        How many were trained with several seeds.
    """
    keys = ["dataset", *(["level"] if "level" in trials else []), "image_size", "data_hash"]
    measured = trials[has_score(trials) & (trials["source"] == "measured")]
    groups = measured.groupby([*keys, *configuration_columns()], dropna=False, observed=True)
    spread = groups.agg(n_seeds=("seed", "nunique"), variance=(ACCURACY, "var"))
    repeated = spread.loc[spread["n_seeds"] > 1, "variance"]
    return (float(np.sqrt(repeated.mean())) if len(repeated) else np.nan), len(repeated)


def noise_by_level(trials: pd.DataFrame) -> pd.DataFrame:
    """Sum up the noise of accuracies by level and strategy.

    Parameters
    ----------
    trials : pandas.DataFrame
        Finished trials of a history with a level.

    Returns
    -------
    pandas.DataFrame
        Columns `NOISE_COLUMNS`: the standard deviations of `luck_of_images` (root mean square over
        datasets) and of `luck_of_seeds`, in accuracy.
    """
    if "level" not in trials or "strategy" not in trials:
        return pd.DataFrame(columns=list(NOISE_COLUMNS))
    rows = []
    for (level, strategy), some in trials.groupby(["level", "strategy"], observed=True):
        by_dataset = [luck_of_images(half_accuracies(of)) for _, of in some.groupby("dataset")]
        known = np.square([sd for sd in by_dataset if not np.isnan(sd)])
        test_sd = float(np.sqrt(known.mean())) if len(known) else np.nan
        seed_sd, n_repeated = luck_of_seeds(some)
        rows.append((level, strategy, len(some), test_sd, n_repeated, seed_sd))
    return pd.DataFrame(rows, columns=list(NOISE_COLUMNS))
