"""What the comparison says, in figures that its page begins with."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.statistics.summary import BEST_OF_FIVE, FIRST_PICK

Row = dict[Any, Any]


def headline(table: pd.DataFrame, tests: pd.DataFrame, report: dict[str, Any]) -> dict[str, Any]:
    """Set the product's two figures beside the strongest other ones.

    Parameters
    ----------
    table, tests : pandas.DataFrame
        From `evaluation.statistics.summary`: `method_table`, `significance_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.

    Returns
    -------
    dict
        Empty where the first pick, or another method that costs no trial, is lacking. Else rows of
        `table`: ``own``, the first pick, and its ``rival``; ``five``, the short list, and
        ``five_rival``, both or none; ``n_others`` that cost no trial, how many of them are
        significantly ``n_worse`` and ``n_better``; whether there are ``bayesian`` searches.
    """
    rows = {row["method"]: row for row in table.to_dict("records")}
    free = {name: row for name, row in rows.items() if row["n_trials"] == 0 and name != FIRST_PICK}
    own, five = rows.get(FIRST_PICK), rows.get(BEST_OF_FIVE)
    if own is None or own["n_trials"] != 0 or not free:
        return {}
    others = tests[
        (tests["protocol"] == MAIN) & (tests["figure"] == "regret") & tests["other"].isin(free)
    ]
    clear = others[others["p_holm"] < 1 - report["parameters"]["level"]]
    return {
        "own": own,
        "rival": _best(free, "mean_regret"),
        "five": five,
        "five_rival": _best(free, "mean_regret_of_five"),
        "n_others": len(others),
        "n_worse": int((clear["mean_difference"] < 0).sum()),
        "n_better": int((clear["mean_difference"] > 0).sum()),
        "bayesian": "bayesian_search" in rows,
    }


def _best(rows: dict[Any, Row], figure: str) -> Row:
    return min(rows.values(), key=lambda row: float(row[figure]))


def inside(label: str) -> str:
    """Begin a label with a small letter, as it stands inside a sentence; abbreviations stay."""
    first = label.split()[0]
    return label if first[1:] != first[1:].lower() else label[0].lower() + label[1:]
