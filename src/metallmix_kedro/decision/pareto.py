"""What a longer training buys: the configurations that no other one beats in score and time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.decision.scoring import DECIMALS
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.search_space import Configuration

FloatArray = npt.NDArray[np.float64]


class ParetoPoint(BaseModel):
    """A configuration that no other one beats: predicted score in [0, 1], seconds of training."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    configuration: Configuration
    score: float
    training_time_s: float


def not_dominated(score: FloatArray, seconds: FloatArray) -> npt.NDArray[np.int64]:
    """Find the points that no other point dominates.

    A point dominates another if it is at least as good in both, the score and the time, and
    better in one. Of points that are equal in both, the first stands for all.

    Parameters
    ----------
    score : ndarray
        The higher, the better, shape (n,); no NaN.
    seconds : ndarray
        The lower, the better, shape (n,); no NaN.

    Returns
    -------
    ndarray of int
        Their positions, the shortest time first; the scores rise with it.

    Examples
    --------
    >>> not_dominated(np.array([0.9, 0.8, 0.7]), np.array([60.0, 10.0, 20.0])).tolist()
    [1, 0]
    """
    order = np.lexsort((-score, seconds))
    best_before = np.concatenate(([-np.inf], np.maximum.accumulate(score[order])[:-1]))
    return order[score[order] > best_before].astype(np.int64)


def pareto_front(scored: pd.DataFrame) -> tuple[ParetoPoint, ...]:
    """Return the front of score and training time over a scored space.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `scoring.score_space`; n rows.

    Returns
    -------
    tuple of ParetoPoint
        The fastest first; at least one if n is. A difference below the decimals that are stored
        is none.
    """
    score, seconds = rounded(scored)
    front = not_dominated(score, seconds)
    rows: Sequence[Mapping[Any, Any]] = scored.iloc[front].to_dict("records")
    return tuple(
        ParetoPoint(
            configuration=Configuration.from_mapping(row),
            score=float(score[position]),
            training_time_s=float(seconds[position]),
        )
        for position, row in zip(front, rows, strict=True)
    )


def fastest(candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate with the shortest predicted training, the unit of relative times."""
    return min(candidates, key=lambda one: one.training_time_s)


def rounded(scored: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return scores and seconds of a scored space as they are stored, shape (n,) each."""
    return (
        scored["score"].to_numpy(dtype=np.float64).round(DECIMALS),
        scored["training_time_s"].to_numpy(dtype=np.float64).round(DECIMALS),
    )
