"""The report's pictures; here those with a row for each thing: intervals, contributions.

Plotly figures as plain data, as `pareto_picture` makes them. What a row is stands above its mark,
so that a telephone has the whole width for the marks.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

from metallmix_kedro.explanation import Attribution, Candidate, TopFeature, formatting, names
from metallmix_kedro.history import Measure
from metallmix_kedro.report.curve_picture import draw_curves
from metallmix_kedro.report.pareto_picture import FRAME, Figure, draw_pareto
from metallmix_kedro.report.recommendation import Recommendation

Label = tuple[str, str, str]
"""What stands above a mark: what it is, its number in bold, a note."""

NOTHING: Figure = {"data": [], "layout": {}}
ROW_HEIGHT = 46
"""In pixels."""

_AXIS_HEIGHT = 44
_GREY, _BLUE, _ORANGE = "#888", "#0072b2", "#d55e00"


def draw_pictures(
    recommendation: Recommendation, scored: pd.DataFrame, limit_s: float | None = None
) -> dict[str, Figure]:
    """Draw a recommendation's pictures, by name.

    Parameters
    ----------
    recommendation : Recommendation
    scored : pandas.DataFrame
        From `decision.scoring.score_space`: all that may be chosen.
    limit_s : float, optional
        ``max_training_time_s``.

    Returns
    -------
    dict of str to dict
        Plotly figures; without data where nothing is known.
    """
    evidence, chosen_ref = recommendation.evidence, recommendation.chosen_ref
    candidates, measure = evidence.candidates, evidence.measure
    curves = recommendation.learning_curves
    return {
        "pareto": draw_pareto(scored, recommendation.pareto_front, candidates, measure, limit_s),
        "intervals": draw_intervals(candidates, chosen_ref, measure),
        "contributions": draw_contributions(recommendation.chosen.contributions),
        "attributions": draw_attributions(evidence.attributions),
        "curves": draw_curves(curves, chosen_ref, measure) if curves else NOTHING,
    }


def draw_intervals(candidates: Sequence[Candidate], chosen_ref: str, measure: Measure) -> Figure:
    """Draw the candidates' predicted scores with their intervals on one axis, in per cent.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one; top to bottom in this order.
    chosen_ref : str
        The one that stands out.
    measure : Measure
        What the score is.

    Returns
    -------
    dict
        ``data`` and ``layout`` of a Plotly figure: a trace for the recommended one and one for the
        others.
    """
    chosen = [(row, one) for row, one in enumerate(candidates) if one.ref == chosen_ref]
    others = [(row, one) for row, one in enumerate(candidates) if one.ref != chosen_ref]
    labels = [
        (
            f"{one.ref} {' '.join(names.title_parts(one.configuration))}",
            formatting.percent(one.score),
            "",
        )
        for one in candidates
    ]
    return {
        "data": [
            _intervals(others, "others", _GREY, measure),
            _intervals(chosen, "recommended", _BLUE, measure),
        ],
        "layout": _layout(labels, {"ticksuffix": " %"}),
    }


def draw_attributions(attributions: Sequence[Attribution]) -> Figure:
    """Draw the mean contributions of hyperparameter values as bars from zero."""
    return _draw_bars(
        [
            (one.feature, one.value, one.mean_contribution, f"({one.n_trials} trials)")
            for one in attributions
        ]
    )


def draw_contributions(contributions: Sequence[TopFeature]) -> Figure:
    """Draw the contributions of one configuration's hyperparameters as bars from zero."""
    return _draw_bars([(one.feature, one.value, one.contribution, "") for one in contributions])


def _intervals(
    rows: Sequence[tuple[int, Candidate]], name: str, colour: str, measure: Measure
) -> Figure:
    scores = [_percent(one.score) for _, one in rows]
    above = [_percent(one.score_high) - _percent(one.score) for _, one in rows]
    below = [_percent(one.score) - _percent(one.score_low) for _, one in rows]
    texts = [
        [
            f"{one.ref} {names.title(one.configuration)}",
            formatting.percent(one.score),
            formatting.percent_range(one.score_low, one.score_high),
            formatting.duration(one.training_time_s),
        ]
        for _, one in rows
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": scores,
        "y": [row for row, _ in rows],
        "marker": {"color": colour, "size": 11},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(one, 2) for one in above],
            "arrayminus": [round(one, 2) for one in below],
            "color": colour,
            "thickness": 2.5,
            "width": 0,
        },
        "customdata": [[escape(text) for text in row] for row in texts],
        "hovertemplate": "<b>%{customdata[0]}</b><br>"
        f"predicted {escape(measure.label)} <b>%{{customdata[1]}}</b><br>"
        "interval %{customdata[2]}<br>training time %{customdata[3]}<extra></extra>",
    }


def _percent(score: float) -> float:
    return round(100 * score, 2)


def _draw_bars(rows: Sequence[tuple[str, str, float, str]]) -> Figure:
    """Draw a bar for each feature, value, contribution and note: to the right where it raises."""
    labels = [
        (
            f"{formatting.readable_name(feature)} {names.told(feature, value)}",
            formatting.signed(contribution),
            note,
        )
        for feature, value, contribution, note in rows
    ]
    bars = {
        "type": "bar",
        "orientation": "h",
        "name": "contributions",
        "x": [round(contribution, 5) for *_, contribution, _ in rows],
        "y": [*range(len(rows))],
        "width": 0.32,
        "marker": {"color": [_BLUE if row[2] >= 0 else _ORANGE for row in rows]},
        "customdata": [[escape(text) for text in one] for one in labels],
        "hovertemplate": "%{customdata[0]}<br><b>%{customdata[1]}</b> %{customdata[2]}"
        "<extra></extra>",
    }
    return {"data": [bars], "layout": _layout(labels, {"zeroline": True})}


def _layout(labels: Sequence[Label], axis: dict[str, Any]) -> Figure:
    return {
        "height": ROW_HEIGHT * len(labels) + _AXIS_HEIGHT,
        "xaxis": {"fixedrange": True, "automargin": True, **axis},
        # The first row is the upmost, with its label above it.
        "yaxis": {"visible": False, "fixedrange": True, "range": [len(labels) - 0.6, -0.75]},
        "annotations": [
            {
                "text": f"{escape(what)} <b>{escape(number)}</b> {escape(note)}".rstrip(),
                "xref": "paper",
                "x": 0,
                "xanchor": "left",
                "y": row,
                "yanchor": "bottom",
                "yshift": 7,
                "showarrow": False,
            }
            for row, (what, number, note) in enumerate(labels)
        ],
        "showlegend": False,
        "margin": {"l": 4, "r": 12, "t": 4, "b": 26},
        **FRAME,
    }
