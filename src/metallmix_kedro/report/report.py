"""The report: one HTML page that needs nothing but a browser."""

from markupsafe import Markup

from metallmix_kedro import declared
from metallmix_kedro.declared import titled
from metallmix_kedro.explanation import formatting, rows, said_values
from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.report import pictures
from metallmix_kedro.report.recommendation import Recommendation
from metallmix_kedro.report.rendering import template

_UNITS = {"bits": " bits", "pixels": " px"}
"""Units that are said beside a number; of others its name tells enough."""


def render_report(recommendation: Recommendation, pareto_plot: str) -> str:
    """Render a recommendation as a self-contained HTML page.

    Names of datasets, the model's words and its raw reply are text that somebody else wrote:
    everything is escaped, and the page holds no script and loads nothing.

    Parameters
    ----------
    recommendation : Recommendation
    pareto_plot : str
        The picture of `pareto_picture.draw_pareto`, put in as it is.

    Returns
    -------
    str
        A whole HTML document; the same recommendation gives the same text.
    """
    evidence, chosen = recommendation.evidence, recommendation.configuration
    return template(
        "report.html.j2"
    ).render(
        recommendation=recommendation,
        measure=evidence.measure,
        deciders=formatting.DECIDERS,
        order_begins=formatting.ORDER_BEGINS[evidence.candidates[0].roles[0]],
        # The picture is made by a template that escapes what it shows.
        pareto_plot=Markup(pareto_plot),  # noqa: S704
        title=rows(chosen, titled()[:1]),
        details=rows(chosen, [name for name in chosen.as_dict() if name not in titled()]),
        meta_features=meta_feature_rows(recommendation.target.meta_features),
        intervals=pictures.draw_intervals(evidence.candidates),
        contributions=pictures.draw_contributions(recommendation.chosen.contributions),
        attributions=pictures.draw_attributions(evidence.attributions),
        counts=counts,
        categories=categories,
        of_networks=declared.network() is not None,
        sizes=pictures,
        said=said_values(evidence),
        metrics=[
            name
            for name in METRICS
            if name.startswith("test_") and all(name in trial.metrics for trial in evidence.trials)
        ],
    )


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
