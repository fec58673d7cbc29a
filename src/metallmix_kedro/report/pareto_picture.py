"""The picture of score against training time: every configuration, the front, the candidates.

It is SVG text, so that neither the report nor the catalog needs a drawing library.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metallmix_kedro.decision import FloatArray, ParetoPoint, fastest, rounded
from metallmix_kedro.explanation import Candidate
from metallmix_kedro.history import Measure
from metallmix_kedro.report.pictures import WIDTH, Tick, score_axis
from metallmix_kedro.report.rendering import template

LEFT, RIGHT, TOP, BOTTOM = 64, WIDTH - 24, 20, 360
"""Edges of the plot, in SVG units."""
ROW = 20
"""Height of a line of the list of front points below it."""

_LABEL_WIDTH, _LABEL_HEIGHT = 9, 15
_OFFSETS = ((9, 5), (-9, 5), (0, -10), (0, 21), (12, -9), (-12, -9))
_TIMES = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with a name; the name's place is missing where there is no room for it."""

    name: str
    x: float
    y: float
    label: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class FrontRow:
    """A front point in words, as the list below the plot names it."""

    mark: Mark
    point: ParetoPoint
    relative_time: float
    y: float


@dataclass(frozen=True, slots=True)
class ParetoPicture:
    """Where the marks of the picture stand, in SVG units."""

    dots: str
    front: tuple[FrontRow, ...]
    candidates: tuple[Mark, ...]
    time_ticks: tuple[Tick, ...]
    score_ticks: tuple[Tick, ...]
    limit: float | None
    height: float


def draw_pareto(
    scored: pd.DataFrame,
    front: Sequence[ParetoPoint],
    candidates: Sequence[Candidate],
    measure: Measure,
    limit_s: float | None = None,
) -> str:
    """Draw the predicted score over the predicted training time of a scored space.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `decision.scoring.score_space`: all configurations, small dots.
    front : sequence of ParetoPoint
        Its `decision.pareto.pareto_front`, a line with numbered points, named below the plot.
    candidates : sequence of Candidate
        The short list, rings; at least one.
    measure : Measure
        What the score is.
    limit_s : float, optional
        ``max_training_time_s``, a line.

    Returns
    -------
    str
        A whole SVG document; the same arguments give the same text.
    """
    return template("pareto.svg.j2").render(
        picture=place_pareto(scored, front, candidates, limit_s),
        measure=measure,
        fastest=fastest(candidates),
        limit_s=limit_s,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        width=WIDTH,
    )


def place_pareto(
    scored: pd.DataFrame,
    front: Sequence[ParetoPoint],
    candidates: Sequence[Candidate],
    limit_s: float | None = None,
) -> ParetoPicture:
    """Say where everything stands; parameters are those of `draw_pareto`."""
    score, seconds = rounded(scored)
    # A composed candidate may be no row of the space.
    score = np.append(score, [one.score for one in candidates])
    seconds = np.append(seconds, [one.training_time_s for one in candidates])
    times = _Axis(np.append(seconds, [] if limit_s is None else [limit_s]))
    scores, marks = score_axis(float(score.min()), float(score.max()), BOTTOM, TOP)
    labels = _Labels()
    rings = tuple(
        labels.put(one.ref, times.at(one.training_time_s), scores(one.score), needed=True)
        for one in candidates
    )
    unit = fastest(candidates).training_time_s
    rows = tuple(
        FrontRow(
            mark=labels.put(str(number), times.at(one.training_time_s), scores(one.score)),
            point=one,
            relative_time=one.training_time_s / unit,
            y=BOTTOM + 76 + ROW * number,
        )
        for number, one in enumerate(front, start=1)
    )
    # Of all dots in one unit one is drawn: thousands of configurations stay a small text.
    places = {
        (round(times.at(second)), round(scores(value)))
        for second, value in zip(seconds.tolist(), score.tolist(), strict=True)
    }
    return ParetoPicture(
        # A stroke of nearly no length with round ends is a dot, in a tenth of a circle's text.
        dots="".join(f"M{x} {y}h.01" for x, y in sorted(places)),
        front=rows,
        candidates=rings,
        time_ticks=times.ticks(),
        score_ticks=marks,
        limit=None if limit_s is None else times.at(limit_s),
        height=BOTTOM + 96 + ROW * len(rows),
    )


class _Axis:
    """The logarithmic axis of times; where all are equal, they stand in its middle."""

    def __init__(self, seconds: FloatArray) -> None:
        shown = np.log10(np.maximum(seconds, 1e-4))
        middle, half = (shown.max() + shown.min()) / 2, (shown.max() - shown.min()) / 2
        margin = max(half * 1.04, 0.05)
        self._low, self._high = float(middle - margin), float(middle + margin)

    def at(self, seconds: float) -> float:
        share = (math.log10(max(seconds, 1e-4)) - self._low) / (self._high - self._low)
        return round(LEFT + (RIGHT - LEFT) * share, 1)

    def ticks(self) -> tuple[Tick, ...]:
        """Label 1, 2 and 5 of every power of ten; of a wide axis the powers alone."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        steps = _TIMES if self._high - self._low < 4 else (1,)
        values = [step * 10.0**power for power in powers for step in steps]
        inside = [value for value in values if self._low <= math.log10(value) <= self._high]
        return tuple(Tick(x=self.at(value), value=value) for value in inside)


class _Labels:
    """Finds room for names beside their points."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float]] = []

    def put(self, name: str, x: float, y: float, needed: bool = False) -> Mark:
        """Place a name; one that is needed stands at its first place if none is free."""
        half = _LABEL_WIDTH * len(name) / 2
        places = [
            (x + dx + math.copysign(half, dx) * (dx != 0), y + dy, half) for dx, dy in _OFFSETS
        ]
        free = [place for place in places if self._is_free(place)]
        if not free and not needed:
            return Mark(name, x, y, None)
        chosen = (free or places)[0]
        self._taken.append(chosen)
        return Mark(name, x, y, (round(chosen[0], 1), round(chosen[1], 1)))

    def _is_free(self, place: tuple[float, float, float]) -> bool:
        x, y, half = place
        inside = x - half >= LEFT and x + half <= RIGHT and y - _LABEL_HEIGHT >= TOP and y <= BOTTOM
        return inside and all(
            abs(x - other) >= half + width or abs(y - height) >= _LABEL_HEIGHT
            for other, height, width in self._taken
        )
