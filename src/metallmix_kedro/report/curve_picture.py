"""The predicted score over the size of the training set: as a Plotly figure, and in words."""

from collections.abc import Sequence
from html import escape

from metallmix_kedro.decision import LearningCurve, LearningCurves
from metallmix_kedro.explanation import formatting, names
from metallmix_kedro.history import Measure
from metallmix_kedro.report.pareto_picture import SEE_THROUGH, Figure, score_layout
from metallmix_kedro.report.recommendation import Recommendation

MORE_IMAGES = 500
"""So many more are asked what they would buy."""

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
_TICKS = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def of_more_images(recommendation: Recommendation) -> list[str]:
    """Say what more images would buy, and which other way to train pays from where on."""
    curves, ref = recommendation.learning_curves, recommendation.chosen_ref
    if curves is None:
        return []
    gain = curves.gain(ref, MORE_IMAGES)
    label = recommendation.evidence.measure.label
    said = (
        []
        if gain is None
        else [f"{MORE_IMAGES} more training images: {100 * gain:+.1f} points of predicted {label}."]
    )
    return said + [
        f"From about {n_train:,.0f} training images on, {value} is predicted ahead."
        for value, n_train in curves.overtaking(ref)
    ]


def draw_curves(curves: LearningCurves, ref: str, measure: Measure) -> Figure:
    """Draw the curve of the chosen candidate with its interval, and the best of each way to train.

    Parameters
    ----------
    curves : LearningCurves
    ref : str
        The chosen candidate.
    measure : Measure
        What the score is.

    Returns
    -------
    dict
        ``data`` and ``layout`` of a Plotly figure.
    """
    chosen = curves.of(ref)
    others = [
        one for one in curves.curves if one.best_of and one.configuration != chosen.configuration
    ]
    return {
        "data": [
            _band(chosen),
            _line(chosen, f"{ref}: {names.title(chosen.configuration)}", _COLOURS[0], 3),
            *(
                _line(one, names.title(one.configuration), colour, 1.5)
                for one, colour in zip(others, _COLOURS[1:], strict=False)
            ),
        ],
        "layout": _layout(curves, measure),
    }


def _line(curve: LearningCurve, name: str, colour: str, width: float) -> Figure:
    texts = [
        f"{escape(names.title(curve.configuration))}<br>{escape(names.details(curve.configuration))}"
        f"<br>{one.n_train:,.0f} training images: <b>{formatting.percent(one.score)}</b> "
        f"({formatting.percent_range(one.low, one.high)})"
        for one in curve.points
    ]
    return {
        **_at(curve, [one.score for one in curve.points]),
        "mode": "lines+markers",
        "name": escape(name),
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"color": colour, "size": 4},
        "line": {"color": colour, "width": width},
    }


def _band(curve: LearningCurve) -> Figure:
    there = _at(curve, [one.low for one in curve.points])
    back = _at(curve, [one.high for one in curve.points])
    return {
        "type": "scatter",
        "x": there["x"] + back["x"][::-1],
        "y": there["y"] + back["y"][::-1],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": "rgba(0,114,178,0.15)",
        "line": {"color": SEE_THROUGH},
        "name": "its interval",
        "hoverinfo": "skip",
    }


def _at(curve: LearningCurve, scores: Sequence[float]) -> Figure:
    return {
        "type": "scatter",
        "x": [one.n_train for one in curve.points],
        "y": [round(100 * one, 2) for one in scores],
    }


def _layout(curves: LearningCurves, measure: Measure) -> Figure:
    sizes = [one.n_train for one in curves.curves[0].points]
    ticks = [one for one in _TICKS if sizes[0] <= one <= sizes[-1]]
    return score_layout(
        {
            "type": "log",
            "title": {"text": "training images"},
            "tickvals": ticks,
            "ticktext": [f"{one:,}" for one in ticks],
        },
        measure,
        [(f"yours: {curves.n_train:,.0f}", curves.n_train, "#888")],
    )
