"""The predicted score over the size of the training set: what more images would buy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.decision.listing import by_prediction
from metallmix_kedro.decision.scoring import DECIMALS
from metallmix_kedro.decision.target import Target
from metallmix_kedro.declared import hyperparameters
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.history import N_TRAIN, History
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.surrogate import Surrogate

_SIZES = 12
"""Points of a curve, evenly on a log scale over the sizes that the history knows."""


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CurvePoint(_Output):
    """Predicted score, with its interval, of a configuration that so many images train."""

    n_train: float
    score: float
    low: float
    high: float


class LearningCurve(_Output):
    """How the predicted score of a configuration grows with the training set.

    ``ref`` names it in the evidence, where it is a candidate; ``best_of`` is the value of the
    ordered hyperparameter (of image networks: how much is fine-tuned) of which it is the best.
    """

    configuration: Configuration
    ref: str | None
    best_of: str | None
    points: tuple[CurvePoint, ...]

    def at(self, n_train: float) -> float:
        """Return the predicted score with so many training images, between the points as a line."""
        sizes = np.log([one.n_train for one in self.points])
        return float(np.interp(np.log(n_train), sizes, [one.score for one in self.points]))


class LearningCurves(_Output):
    """Curves of the candidates, and of the best of each way to train.

    ``n_train`` is the target's place; ``largest`` the largest training set of the history, beyond
    which nothing is predicted.
    """

    n_train: float
    largest: float
    curves: tuple[LearningCurve, ...]

    def of(self, ref: str) -> LearningCurve:
        """Return the curve of a candidate."""
        return next(one for one in self.curves if one.ref == ref)

    def gain(self, ref: str, more: int) -> float | None:
        """Return what is predicted to be gained by so many more training images.

        None where that is more than the history knows.
        """
        if self.n_train + more > self.largest:
            return None
        curve = self.of(ref)
        return curve.at(self.n_train + more) - curve.at(self.n_train)

    def overtaking(self, ref: str) -> list[tuple[str, float]]:
        """Say which other way to train, now behind a candidate, is ahead of it with more images.

        Returns
        -------
        list of tuple of str and float
            Its value, and the smallest size shown above the target's at which the best of it is
            predicted to score higher.
        """
        own = self.of(ref)
        found = []
        for other in self.curves:
            ahead = [
                theirs.n_train
                for theirs, ours in zip(other.points, own.points, strict=True)
                if theirs.n_train > self.n_train and theirs.score > ours.score
            ]
            behind = other.at(self.n_train) <= own.at(self.n_train)
            if other.best_of is not None and behind and ahead:
                found.append((other.best_of, ahead[0]))
        return found


def learning_curves(
    target: Target,
    surrogate: Surrogate,
    history: History,
    scored: pd.DataFrame,
    candidates: Sequence[Candidate],
) -> LearningCurves | None:
    """Predict the candidates, and the best of each way to train, over the size of the training set.

    Parameters
    ----------
    target : Target
    surrogate : Surrogate
    history : History
        Tells which sizes are known.
    scored : pandas.DataFrame
        From `scoring.score_space`.
    candidates : sequence of Candidate

    Returns
    -------
    LearningCurves or None
        None where the history does not tell how many images trained a configuration.
    """
    if target.n_train is None:
        return None
    known = history.training_sizes
    n_train, spaced = round(target.n_train, 1), np.geomspace(known.min(), known.max(), _SIZES)
    sizes = sorted({n_train, *(round(float(size), 1) for size in spaced)})
    shown: list[tuple[Configuration, str | None, str | None]] = [
        *((one.configuration, one.ref, None) for one in candidates),
        *((configuration, None, value) for value, configuration in _best_by_value(scored).items()),
    ]
    table = pd.DataFrame([one.as_dict() for one, _, _ in shown])
    together = target.beside(table.loc[table.index.repeat(len(sizes))].reset_index(drop=True))
    predicted = surrogate.predict(together.assign(**{N_TRAIN: np.tile(sizes, len(shown))}))
    rows = predicted[["score", "score_low", "score_high"]].to_numpy().round(DECIMALS)
    return LearningCurves(
        n_train=n_train,
        largest=sizes[-1],
        curves=tuple(
            LearningCurve(
                configuration=one,
                ref=ref,
                best_of=value,
                points=tuple(
                    CurvePoint(n_train=size, score=score, low=low, high=high)
                    for size, (score, low, high) in zip(sizes, part.tolist(), strict=True)
                ),
            )
            for (one, ref, value), part in zip(shown, np.split(rows, len(shown)), strict=True)
        ),
    )


def _best_by_value(scored: pd.DataFrame) -> dict[str, Configuration]:
    """Return the best predicted configuration of each value of the first ordered hyperparameter."""
    ordered = next((name for name, one in hyperparameters().items() if one.kind == "ordered"), None)
    if ordered is None:
        return {}
    words = hyperparameters()[ordered]
    best = by_prediction(scored).drop_duplicates(ordered)
    rows: list[dict[Any, Any]] = best.to_dict("records")
    return {words.told(row[ordered]): Configuration.from_mapping(row) for row in rows}
