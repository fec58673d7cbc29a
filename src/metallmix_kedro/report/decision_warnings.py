"""What a user has to be told of a decision once it is made."""

from metallmix_kedro.explanation.evidence import Candidate
from metallmix_kedro.explanation.reply import Decision
from metallmix_kedro.history.objective import Measure


def warn_about_decision(
    chosen: Candidate, decision: Decision, wide_interval: float, measure: Measure
) -> tuple[str, ...]:
    """Say when the prediction is vague, or when a part is not the language model's."""
    found = []
    width = chosen.score_high - chosen.score_low
    if width > wide_interval:
        found.append(
            f"The predicted {measure.label} is vague: its interval spans {100 * width:.0f} "
            "percentage points."
        )
    if decision.decided_by != "llm":
        found.append(
            f"Decided by the {decision.decided_by}, not by a language model: {decision.reason}."
        )
    elif decision.explanation_by == "attributions":
        found.append(
            "The evidence does not support the language model's explanation; the one shown is "
            "made from the attributions instead."
        )
    return tuple(found)
