"""Where the marks of the report's pictures stand; the template draws them as inline SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from metallmix_kedro.explanation import Attribution, Candidate, TopFeature

ROW_HEIGHT = 36
LABEL_WIDTH = 320
PLOT_WIDTH = 400
VALUE_WIDTH = 160
WIDTH = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH
"""Of every picture, in SVG units (pixels at full size)."""

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position of the axis."""

    x: float
    value: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A candidate's predicted score: a dot on a line from low to high."""

    candidate: Candidate
    y: float
    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A contribution: a bar from the zero line to the right (raises) or left (lowers)."""

    feature: str
    value: str
    contribution: float
    note: str
    y: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """The candidates' picture."""

    rows: tuple[Interval, ...]
    ticks: tuple[Tick, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A picture of contributions."""

    rows: tuple[Bar, ...]
    zero: float
    height: float


def draw_intervals(candidates: Sequence[Candidate]) -> Intervals:
    """Place the candidates' predicted scores with their intervals on one axis.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one; top to bottom in this order.
    """
    least = min(candidate.score_low for candidate in candidates)
    most = max(candidate.score_high for candidate in candidates)
    position, ticks = score_axis(least, most, LABEL_WIDTH, LABEL_WIDTH + PLOT_WIDTH)
    rows = tuple(
        Interval(
            candidate=candidate,
            y=ROW_HEIGHT * (number + 0.5),
            low=position(candidate.score_low),
            value=position(candidate.score),
            high=position(candidate.score_high),
        )
        for number, candidate in enumerate(candidates)
    )
    return Intervals(rows=rows, ticks=ticks, height=ROW_HEIGHT * (len(rows) + 1))


def score_axis(
    least: float, most: float, start: float, end: float
) -> tuple[Callable[[float], float], tuple[Tick, ...]]:
    """Lay an axis of scores that begins and ends at a tick.

    Parameters
    ----------
    least, most : float
        Scores in [0, 1] that have to be on it.
    start, end : float
        Where it lies, in SVG units; an upright axis starts at the larger one.

    Returns
    -------
    position : callable of float to float
        Where a score stands.
    ticks : tuple of Tick
        Their ``x`` is the place along the axis.
    """
    step = next((s for s in _STEPS if (most - least) / s <= _MOST_TICKS - 1), _STEPS[-1])
    # Rounded, because 0.7 / 0.1 is a little less than 7.
    first = math.floor(round(least / step, 6))
    last = max(math.ceil(round(most / step, 6)), first + 1)

    def position(score: float) -> float:
        share = (score / step - first) / (last - first)
        return round(start + (end - start) * share, 1)

    ticks = (Tick(x=position(n * step), value=n * step) for n in range(first, last + 1))
    return position, tuple(ticks)


def draw_attributions(attributions: Sequence[Attribution]) -> Bars:
    """Place the mean contributions of hyperparameter values around zero."""
    return _draw_bars(
        [
            (one.feature, one.value, one.mean_contribution, f"{one.n_trials} trials")
            for one in attributions
        ]
    )


def draw_contributions(contributions: Sequence[TopFeature]) -> Bars:
    """Place the contributions of one configuration's hyperparameters around zero."""
    return _draw_bars([(one.feature, one.value, one.contribution, "") for one in contributions])


def _draw_bars(rows: Sequence[tuple[str, str, float, str]]) -> Bars:
    lowest = min((contribution for *_, contribution, _ in rows), default=0.0)
    highest = max((contribution for *_, contribution, _ in rows), default=0.0)
    left, right = min(lowest, 0.0), max(highest, 0.0)
    scale = PLOT_WIDTH / ((right - left) or 1.0)
    zero = round(LABEL_WIDTH - left * scale, 1)
    bars = tuple(
        Bar(
            feature=feature,
            value=value,
            contribution=contribution,
            note=note,
            y=ROW_HEIGHT * 0.75 * number,
            x=round(zero + min(contribution, 0.0) * scale, 1),
            width=round(abs(contribution) * scale, 1),
        )
        for number, (feature, value, contribution, note) in enumerate(rows)
    )
    return Bars(rows=bars, zero=zero, height=ROW_HEIGHT * 0.75 * len(bars))
