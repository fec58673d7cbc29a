"""How fast the machine is on which the target was probed, against that of the history."""

import numpy as np
import pandas as pd

_UNDISTURBED = 0.25
"""Quantile over datasets: other work on the machine that probed them can only have slowed it."""


def relative_seconds(target_probes: pd.DataFrame, history_probes: pd.DataFrame) -> float | None:
    """Return how many times as long images take here as on the history's machine.

    By the features of an image in frozen backbones, at one image size: files are not read, nothing
    is fitted. Training times that a history predicts are multiplied by it.

    Parameters
    ----------
    target_probes, history_probes : pandas.DataFrame
        Columns `meta_features.probes.columns.PROBE_COLUMNS`; may be empty.

    Returns
    -------
    float or None
        Above 0, 2 for a machine half as fast: the median over the backbones that probed both, to
        the next power of the root of 2, as fine as one pass can tell, so that the same machine
        gives the same. None where no backbone probed both, or its time is not known.
    """
    ratios = (_an_image(target_probes) / _an_image(history_probes)).dropna()
    if ratios.empty or not ratios.median() > 0:
        return None
    return round(float(2 ** (np.round(2 * np.log2(ratios.median())) / 2)), 2)


def _an_image(probes: pd.DataFrame) -> pd.Series:
    """Return the seconds of an image by backbone and image size."""
    seconds = probes["seconds"] / probes["n_images"]
    return seconds.groupby([probes["backbone"], probes["image_size"]]).quantile(_UNDISTURBED)
