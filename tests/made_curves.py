"""Learning curves written by hand."""

from collections.abc import Sequence

from metallmix_kedro.decision import LearningCurve, LearningCurves
from metallmix_kedro.decision.learning_curve import CurvePoint
from metallmix_kedro.search_space import Configuration
from tests.made_evidence import LITE, MOBILE, XCEPTION

SIZES = (100.0, 200.0, 400.0, 800.0)
"""Training images at the points of every curve."""


def made_curve(
    scores: Sequence[float],
    configuration: Configuration = LITE,
    ref: str | None = None,
    best_of: str | None = None,
) -> LearningCurve:
    """A curve of these scores at `SIZES`, each a tenth from the ends of its interval."""
    points = tuple(
        CurvePoint(n_train=size, score=score, low=score - 0.1, high=score + 0.1)
        for size, score in zip(SIZES, scores, strict=True)
    )
    return LearningCurve(configuration=configuration, ref=ref, best_of=best_of, points=points)


CHOSEN = made_curve([0.5, 0.6, 0.7, 0.8], ref="C1")
SLOW = made_curve([0.1, 0.3, 0.71, 0.89], XCEPTION, best_of="all layers")
"""Ahead of the chosen one from 400 images on."""
NEVER = made_curve([0.4, 0.5, 0.6, 0.7], MOBILE, best_of="last 10 layers")


def made_curves(*others: LearningCurve, n_train: float = 200.0) -> LearningCurves:
    """The chosen candidate's curve and others, for a target with so many training images."""
    return LearningCurves(n_train=n_train, largest=SIZES[-1], curves=(CHOSEN, *others))
