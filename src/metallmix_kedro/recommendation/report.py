"""The report: one HTML page that needs nothing but a browser."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.recommendation import formatting, pictures
from metallmix_kedro.recommendation.facts import said_values
from metallmix_kedro.recommendation.model import Recommendation

_UNITS = {"class_entropy": " bits", "image_width": " px", "image_height": " px"}


def render_report(recommendation: Recommendation) -> str:
    """Render a recommendation as a self-contained HTML page.

    Names of datasets, the model's words and its raw reply are text that somebody else wrote:
    everything is escaped, and the page holds no script and loads nothing.

    Parameters
    ----------
    recommendation : Recommendation

    Returns
    -------
    str
        A whole HTML document; the same recommendation gives the same text.
    """
    evidence = recommendation.evidence
    return _template().render(
        recommendation=recommendation,
        configuration=formatting.configuration_rows(recommendation.configuration),
        meta_features=meta_feature_rows(recommendation.target.meta_features),
        intervals=pictures.draw_intervals(evidence.candidates),
        contributions=pictures.draw_contributions(recommendation.chosen.contributions),
        attributions=pictures.draw_attributions(evidence.attributions),
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
        for name, value in meta_features.model_dump().items()
    ]


def _with_unit(name: str, value: str | int | float) -> str:
    if isinstance(value, str):
        return value
    digits = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    return digits + _UNITS.get(name, "")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=formatting.percent,
        duration=formatting.duration,
        signed=formatting.signed,
        strategy=formatting.readable_strategy,
        named=formatting.readable_name,
        head_and_training=formatting.head_and_training,
        role=formatting.ROLES.__getitem__,
    )
    environment.globals["percent_range"] = formatting.percent_range
    return environment.get_template("report.html.j2")
