"""How sure the recommendation is, and how right, in a few sentences."""

from typing import Any

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation.pages.styles import PROBES, protocol_title


def uncertainty_text(uncertainty: dict[str, Any]) -> str:
    """Say whether stated chances come true, and whether flagged targets are predicted worse.

    Parameters
    ----------
    uncertainty : dict
        From `evaluation.statistics.uncertainty.uncertainty_report`.
    """
    chances = uncertainty["chance_to_beat_best_on_average"]
    outside = uncertainty["outside_the_history"]
    return (
        "\n".join(
            [
                *(_chance(level, figures) for level, figures in chances.items()),
                *(_outside(protocol, figures) for protocol, figures in outside.items()),
            ]
        )
        or "Nothing was stated: no configuration is known from several datasets."
    )


def _chance(level: str, figures: dict[str, Any]) -> str:
    ours, plain = figures["brier_score"], figures["brier_score_of_the_share"]
    verdict = "better" if ours < plain else "no better"
    known = f" with {PROBES[level]}" if network() else ""
    return (
        f"- The chance to beat the best on average, stated of {figures['n_trials']:,} trials"
        f"{known}: Brier score {ours:.4f}, {verdict} than always stating the share that "
        f"came true ({plain:.4f})."
    )


def _outside(protocol: str, figures: dict[str, Any]) -> str:
    flagged, others = figures["flagged"], figures["not_flagged"]
    start = f"- {protocol_title(protocol)}: {flagged['n_datasets']} of "
    start += f"{flagged['n_datasets'] + others['n_datasets']} targets are flagged as outside the "
    if not flagged["n_datasets"] or not others["n_datasets"]:
        return f"{start}history, so there is nothing to compare."
    return (
        f"{start}history ({', '.join(figures['flagged_datasets'])}). The mean absolute error of "
        f"the relative score is {flagged['mean_error']:.3f} there and {others['mean_error']:.3f} "
        f"elsewhere; that of the score itself {flagged['mean_score_error']:.3f} and "
        f"{others['mean_score_error']:.3f}."
    )
