"""The picture of score against training time: every configuration, the front, the candidates.

It is a Plotly figure as plain data, so that nothing is imported to make it. The report and
kedro-viz draw it.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

from metallmix_kedro.decision import DECIMALS, ParetoPoint, fastest
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation import Candidate, formatting, names
from metallmix_kedro.history import Measure
from metallmix_kedro.search_space import Configuration

Figure = dict[str, Any]

_PREDICTED = ("score", "score_low", "score_high", "training_time_s")
_GREY, _BLUE, _ORANGE = "#888", "#0072b2", "#d55e00"
SEE_THROUGH = "rgba(0,0,0,0)"
FRAME: Figure = {
    "hovermode": "closest",
    "hoverlabel": {"align": "left"},
    "paper_bgcolor": SEE_THROUGH,
    "plot_bgcolor": SEE_THROUGH,
}
"""Layout that all pictures share."""
_LABEL_PLACES = ("middle left", "bottom center", "top center", "middle right")
_TICKS = {
    **{share: f"{share:g} s" for share in (0.1, 0.2, 0.5)},
    **{n * 1.0: f"{n} s" for n in (1, 2, 5, 10, 20)},
    **{n * 60.0: f"{n} min" for n in (1, 2, 5, 10, 20)},
    **{n * 3600.0: f"{n} h" for n in (1, 2, 5, 10, 20, 50, 100)},
}
"""Seconds that may be labelled."""
_SHORTEST = 1e-4


def draw_pareto(
    scored: pd.DataFrame,
    front: Sequence[ParetoPoint],
    candidates: Sequence[Candidate],
    measure: Measure,
    limit_s: float | None = None,
) -> Figure:
    """Draw the predicted score over the predicted training time of a scored space.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `decision.scoring.score_space`: all configurations, a dot each.
    front : sequence of ParetoPoint
        Its `decision.pareto.pareto_front`, a line; those that are no candidates are numbered.
    candidates : sequence of Candidate
        The short list, rings; at least one. A composed one may be no row of the space.
    measure : Measure
        What the score is.
    limit_s : float, optional
        ``max_training_time_s``, a line.

    Returns
    -------
    dict
        ``data`` and ``layout`` of a Plotly figure; the same arguments give the same one. Its
        first trace holds one point a configuration. The point's ``customdata`` are the texts of
        the columns named in ``meta``, escaped, and last its reference: the candidate's, or the
        number on the front, or nothing.
    """
    table = _configurations(scored, candidates)
    references = {_values(one.configuration): one.ref for one in candidates}
    numbered = [one for one in front if _values(one.configuration) not in references]
    references |= {_values(one.configuration): f"{n}" for n, one in enumerate(numbered, start=1)}
    times = [*table["training_time_s"], *([] if limit_s is None else [limit_s])]
    return {
        "data": [
            _dots(table, references, measure, fastest(candidates)),
            {
                **_places(front),
                "mode": "lines+markers",
                "name": "Pareto front",
                "hoverinfo": "skip",
                "marker": {"color": _BLUE, "size": 5},
                "line": {"color": _BLUE, "width": 1.5},
            },
            {
                **_places(candidates),
                "mode": "markers+text",
                "name": "candidates",
                "hoverinfo": "skip",
                "text": [f"<b>{one.ref}</b>" for one in candidates],
                "textposition": _label_places(candidates),
                "marker": {
                    "color": SEE_THROUGH,
                    "size": 13,
                    "line": {"color": _ORANGE, "width": 2},
                },
            },
        ],
        "layout": _layout(times, measure, limit_s),
    }


def _configurations(scored: pd.DataFrame, candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return configurations and predictions of the space and of composed candidates, rounded."""
    columns = [*configuration_columns(), *_PREDICTED]
    listed = pd.DataFrame(
        [
            {**one.configuration.as_dict(), **one.model_dump(include=set(_PREDICTED))}
            for one in candidates
        ]
    )
    every = pd.concat([scored[columns], listed[columns]], ignore_index=True)
    return every.drop_duplicates(list(configuration_columns())).round(
        dict.fromkeys(_PREDICTED, DECIMALS)
    )


def _dots(
    table: pd.DataFrame,
    references: dict[tuple[Any, ...], str],
    measure: Measure,
    unit: Candidate,
) -> Figure:
    """Draw a dot a configuration, which tells all of it under the pointer."""
    hyperparameters = configuration_columns()
    heads = [
        *map(formatting.readable_name, hyperparameters),
        f"predicted {measure.label}",
        "interval",
        "training time",
        f"{unit.ref}\u00a0=\u00a01",
    ]
    told = [
        # Once a value: there are thousands of rows, and a handful of values.
        table[name].map({value: names.told(name, value) for value in table[name].unique()})
        for name in hyperparameters
    ]
    texts = zip(
        *told,
        map(formatting.percent, table["score"]),
        map(formatting.percent_range, table["score_low"], table["score_high"]),
        map(formatting.duration, table["training_time_s"]),
        (formatting.ratio(seconds / unit.training_time_s) for seconds in table["training_time_s"]),
        (
            references.get(values, "")
            for values in table[list(hyperparameters)].itertuples(index=False, name=None)
        ),
        strict=True,
    )
    return {
        **_at(table["training_time_s"], table["score"]),
        "mode": "markers",
        "name": "configurations",
        "meta": heads,
        "customdata": [[escape(text) for text in row] for row in texts],
        "hovertemplate": "<br>".join(
            f"{escape(head)} <b>%{{customdata[{place}]}}</b>" for place, head in enumerate(heads)
        )
        + f"<extra>%{{customdata[{len(heads)}]}}</extra>",
        "marker": {"color": _GREY, "size": 4.5, "opacity": 0.45},
    }


def _places(points: Sequence[ParetoPoint] | Sequence[Candidate]) -> Figure:
    return _at([one.training_time_s for one in points], [one.score for one in points])


def _at(seconds: Iterable[float], scores: Iterable[float]) -> Figure:
    return {
        "type": "scatter",
        "x": [max(float(one), _SHORTEST) for one in seconds],
        "y": [round(100 * float(one), DECIMALS - 2) for one in scores],
    }


def _label_places(candidates: Sequence[Candidate]) -> list[str]:
    """Say on which side of its ring a label stands: neighbours in time take different ones."""
    by_time = sorted(candidates, key=lambda one: (one.training_time_s, one.score))
    sides = {one.ref: _LABEL_PLACES[n % len(_LABEL_PLACES)] for n, one in enumerate(by_time)}
    return [sides[one.ref] for one in candidates]


def _layout(times: Sequence[float], measure: Measure, limit_s: float | None) -> Figure:
    low, high = max(min(times), _SHORTEST), max(*times, _SHORTEST)
    ticks = {at: said for at, said in _TICKS.items() if low / 1.1 <= at <= high * 1.1}
    if len(ticks) < 2:
        ticks = {at: formatting.duration(at) for at in (low, high)}
    elif high / low > 1000:
        ticks = {at: said for at, said in ticks.items() if said.startswith("1")}
    return score_layout(
        {
            "type": "log",
            "title": {"text": "predicted training time"},
            # With some room: a mark at the edge is drawn whole.
            "range": [math.log10(low) - 0.05, math.log10(high) + 0.05],
            "tickvals": [*ticks],
            "ticktext": [*ticks.values()],
        },
        measure,
        [] if limit_s is None else [(f"limit {formatting.duration(limit_s)}", limit_s, _ORANGE)],
    )


def score_layout(
    xaxis: Figure, measure: Measure, lines: Sequence[tuple[str, float, str]]
) -> Figure:
    """Return the layout of a picture of predicted scores.

    Parameters
    ----------
    xaxis : dict
        What the scores stand over.
    measure : Measure
        What they are.
    lines : sequence of tuple
        Upright lines: name in the legend, place, colour.
    """
    return {
        "xaxis": {**xaxis, "automargin": True},
        "yaxis": {
            "title": {"text": f"predicted {measure.label}"},
            "ticksuffix": " %",
            "automargin": True,
        },
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "margin": {"l": 20, "r": 10, "t": 10, "b": 20},
        **FRAME,
        "shapes": [
            {
                "type": "line",
                "name": name,
                "showlegend": True,
                "x0": place,
                "x1": place,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": colour, "width": 1.5, "dash": "dash"},
            }
            for name, place, colour in lines
        ],
    }


def _values(configuration: Configuration) -> tuple[Any, ...]:
    return tuple(configuration.as_dict().values())
