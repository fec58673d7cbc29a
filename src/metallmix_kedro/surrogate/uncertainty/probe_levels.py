"""How much of a dataset was probed, and a surrogate that works with any of it."""

from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from metallmix_kedro.meta_features import OWN, SMALLEST, ProbeLevel

LEVELS: tuple[ProbeLevel, ...] = get_args(ProbeLevel)
"""``none``, ``smallest`` (the smallest backbone) and ``all`` (every backbone)."""

_HIDDEN: dict[ProbeLevel, tuple[str, ...]] = {
    "none": (*SMALLEST, *OWN),
    "smallest": tuple(OWN),
    "all": (),
}
_SHARES: dict[ProbeLevel, float] = {"none": 0.25, "smallest": 0.25, "all": 0.5}
"""Shares of trials that are learned from as if no more had been probed. Half of them show all: it
is there that most is to be learned."""


def known_level(frame: pd.DataFrame) -> ProbeLevel:
    """Say how much is known of trials or candidates, taken together."""
    for level, names in (("all", OWN), ("smallest", SMALLEST)):
        if any(name in frame and frame[name].notna().any() for name in names):
            return "all" if level == "all" else "smallest"
    return "none"


def hide(frame: pd.DataFrame, level: ProbeLevel) -> pd.DataFrame:
    """Return the trials as if no more than `level` had been probed."""
    hidden = [name for name in _HIDDEN[level] if name in frame]
    return frame.assign(**dict.fromkeys(hidden, np.nan)) if hidden else frame


def hide_at_random(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the trials, each as if no more than a level drawn at random had been probed.

    Trees that have never seen a value missing send it anywhere.
    """
    rng = np.random.default_rng(seed)
    drawn: npt.NDArray[np.int64] = rng.choice(
        len(LEVELS), size=len(frame), p=[_SHARES[level] for level in LEVELS]
    )
    result = frame.copy()
    for number, level in enumerate(LEVELS):
        hidden = [name for name in _HIDDEN[level] if name in frame]
        result.loc[drawn == number, hidden] = np.nan
    return result
