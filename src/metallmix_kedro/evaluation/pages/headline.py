"""What came out of a comparison, in a few sentences that hold whatever came out."""

from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.statistics.summary import BEST_OF_FIVE, FIRST_PICK

Row = dict[Any, Any]


def headline(table: pd.DataFrame, tests: pd.DataFrame, report: dict[str, Any]) -> str:
    """Say where the first pick stands among the methods that cost no trial, and the five.

    Parameters
    ----------
    table, tests : pandas.DataFrame
        From `evaluation.statistics.summary`: `method_table` and `significance_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    """
    free = {row["method"]: row for row in table.to_dict("records") if row["n_trials"] == 0}
    own = free.pop(FIRST_PICK, None)
    if own is None or not free:
        return "The surrogate's pick was not compared with another method that costs no trial."
    alpha = report["critical_difference"]["level"]
    main = tests[tests["protocol"] == MAIN]
    return " ".join(
        [
            _first_pick(own, free),
            _told_apart(main[main["figure"] == "regret"], list(free), alpha),
            _worth(own, table, int(report["parameters"]["n_trials"])),
            _of_five(table),
        ]
    ).strip()


def _first_pick(own: Row, free: dict[Any, Row]) -> str:
    rival = min(free.values(), key=lambda row: float(row["mean_regret"]))
    than = "lower than" if own["mean_regret"] < rival["mean_regret"] else "no lower than"
    return (
        f"Without running a trial, the surrogate's pick has a mean regret of "
        f"**{own['mean_regret']:.3f}** ({own['regret_low']:.3f} to {own['regret_high']:.3f}), "
        f"{than} that of the strongest other choice that costs none, {_inside(rival['label'])} "
        f"({rival['mean_regret']:.3f})."
    )


def _told_apart(tests: pd.DataFrame, free: list[Any], alpha: float) -> str:
    """Count the methods without a trial that it beats, and that beat it, beyond chance."""
    rows = tests[tests["other"].isin(free)]
    significant = rows[rows["p_holm"] < alpha]
    better = int((significant["mean_difference"] < 0).sum())
    worse = int((significant["mean_difference"] > 0).sum())
    text = f"It is significantly better than {better} of the {len(rows)} others that cost none"
    return f"{text} and significantly worse than {worse}." if worse else f"{text}."


def _worth(own: Row, table: pd.DataFrame, n_trials: int) -> str:
    """Say how many trials of a search are as good; a missing number means more than were run."""
    random, bayesian = own["equals_random_trials"], own["equals_bayesian_trials"]
    text = f"It is worth {'no number of' if pd.isna(random) else f'{random:.0f}'} random trials"
    if "bayesian_search" not in set(table["method"]):
        return f"{text}."
    n_bayesian: str = f"more than {n_trials}" if pd.isna(bayesian) else f"{bayesian:.0f}"
    return f"{text} and {n_bayesian} Bayesian ones."


def _of_five(table: pd.DataFrame) -> str:
    """Set the best of the short list beside the best of five of all other lists that cost none."""
    rows = {row["method"]: row for row in table.to_dict("records")}
    ours = rows.get(BEST_OF_FIVE)
    others = [row for name, row in rows.items() if row["n_trials"] == 0 and name != FIRST_PICK]
    if ours is None or not others:
        return ""
    rival = min(others, key=lambda row: float(row["mean_regret_of_five"]))
    return (
        f"The best of its five has **{ours['mean_regret_of_five']:.3f}**; the best other five, "
        f"by {_inside(rival['label'])}, {rival['mean_regret_of_five']:.3f}."
    )


def _inside(label: str) -> str:
    """Write a label inside a sentence: a name with capitals of its own keeps them."""
    first = label.split()[0]
    return label if first[1:] != first[1:].lower() else label[0].lower() + label[1:]
