"""The report: one HTML page that needs nothing but a browser."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import unescape
from importlib.metadata import distribution
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from metallmix_kedro import declared
from metallmix_kedro.declared import hyperparameters, titled
from metallmix_kedro.explanation import formatting, names, rows, said_values
from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import TRAITS, MetaFeatures
from metallmix_kedro.report.curve_picture import of_more_images
from metallmix_kedro.report.pareto_picture import Figure
from metallmix_kedro.report.recommendation import Recommendation
from metallmix_kedro.search_space import phrase
from metallmix_kedro.support import html_template

_TEMPLATES = Path(__file__).parent / "templates"
_UNITS = {"bits": " bits", "pixels": " px"}
"""Units that are said beside a number; of others its name tells enough."""


def render_report(recommendation: Recommendation, figures: Mapping[str, Figure]) -> str:
    """Render a recommendation as a self-contained HTML page.

    Names of datasets, the model's words and its raw reply are text that somebody else wrote:
    everything is escaped, the page loads nothing and runs no script but Plotly and its own, which
    its Content-Security-Policy knows by their hashes.

    Parameters
    ----------
    recommendation : Recommendation
    figures : mapping of str to dict
        Its `pictures.draw_pictures`; one without data is not shown.

    Returns
    -------
    str
        A whole HTML document; the same recommendation gives the same text.
    """
    evidence, chosen = recommendation.evidence, recommendation.configuration
    traits = recommendation.image_traits
    compared = named_points(figures["pareto"])
    return _page().render(
        recommendation=recommendation,
        measure=evidence.measure,
        deciders=formatting.DECIDERS,
        title_words=" or ".join(hyperparameters()[name].words or name for name in titled()),
        order_begins=formatting.ORDER_BEGINS[evidence.candidates[0].roles[0]],
        figures={name: _in_a_script(one) for name, one in figures.items() if one["data"]},
        heads=figures["pareto"]["data"][0]["meta"],
        compared=compared,
        recommended=dict(compared).get(recommendation.chosen_ref, []),
        scripts=[(_plotly(), _hash(_plotly())), (_own_script(), _hash(_own_script()))],
        title=rows(chosen, titled()[:1]),
        details=rows(chosen, [name for name in chosen.as_dict() if name not in titled()]),
        meta_features=[
            *meta_feature_rows(recommendation.target.meta_features),
            *((TRAITS[name].words, TRAITS[name].readable(value)) for name, value in traits.items()),
        ],
        of_more_images=of_more_images(recommendation),
        counts=counts,
        categories=categories,
        of_networks=declared.network() is not None,
        said=said_values(evidence),
        metrics=[
            name
            for name in METRICS
            if name.startswith("test_") and all(name in trial.metrics for trial in evidence.trials)
        ],
    )


def named_points(pareto_plot: Figure) -> list[tuple[str, list[str]]]:
    """Return what the picture names, by reference: candidates first, then the front by number."""
    named = [[unescape(text) for text in row] for row in pareto_plot["data"][0]["customdata"]]
    found = [(row[-1], row[:-1]) for row in named if row[-1]]
    return sorted(found, key=lambda one: (one[0].isdecimal(), len(one[0]), one[0]))


def _in_a_script(figure: Figure) -> Markup:
    """Write a figure as JSON that cannot end its script element; its line breaks stay short."""
    text = json.dumps(figure, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return Markup(re.sub("<(?!br>)", r"\\u003c", text))  # noqa: S704 (escaped here)


@cache
def _plotly() -> Markup:
    """Read the library that draws, from Plotly's package; importing that would take its time."""
    path = distribution("plotly").locate_file("plotly/package_data/plotly.min.js")
    return Markup(Path(str(path)).read_text("utf-8"))  # noqa: S704 (a library)


def _own_script() -> Markup:
    return Markup(html_template(_TEMPLATES / "report.js.j2").render())  # noqa: S704 (our own)


@cache
def _page() -> Template:
    """Read the page, with the words and numbers it is filled with."""
    return html_template(
        _TEMPLATES / "report.html.j2",
        percent=formatting.percent,
        percent_range=formatting.percent_range,
        duration=formatting.duration,
        ratio=formatting.ratio,
        chance=formatting.chance,
        signed=formatting.signed,
        named=formatting.readable_name,
        told=names.told,
        title=names.title,
        title_parts=names.title_parts,
        details=names.details,
        phrase=phrase,
        role=formatting.ROLES.__getitem__,
    )


@cache
def _hash(script: str) -> str:
    """Return what a Content-Security-Policy knows a script by."""
    return b64encode(sha256(script.encode()).digest()).decode()


def meta_feature_rows(meta_features: MetaFeatures) -> list[tuple[str, str]]:
    """Return the meta-features as pairs of name and value with its unit."""
    return [
        (formatting.readable_name(name).removeprefix("n "), _with_unit(name, value))
        for name, value in meta_features.as_dict().items()
    ]


def _with_unit(name: str, value: str | int | float) -> str:
    if isinstance(value, str):
        return value
    digits = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    return digits + _UNITS.get(declared.meta_features()[name].unit, "")


def counts(known: MetaFeatures) -> list[str]:
    """Return how large a dataset is, in words: its instances, its classes, whatever is counted."""
    return [
        f"{getattr(known, name):,} {one.unit or name}"
        for name, one in declared.meta_features().items()
        if one.kind == "whole_number" and not one.group
    ]


def categories(known: MetaFeatures) -> list[str]:
    """Return what kind of dataset it is: its meta-features that are words."""
    every = declared.meta_features().items()
    return [str(getattr(known, name)) for name, one in every if not one.is_number]
