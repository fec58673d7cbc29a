"""The comparison on one page, for a reader with a minute."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

CONTENTS = """# Methods compared, one dataset left out at a time

{headline}

The words and rules are defined in `docs/evaluation_protocol.md`. Regret is 0 for the best recorded
trial of a dataset and 1 for its worst. The interval is a {level:.0%} bootstrap over
{n_datasets} datasets. "Trials" are run on the new dataset before the decision.

{methods}

![Regret](method_regret_plot.png)

## By dataset: normalised regret

{by_dataset}

{notes}

![Accuracy and times](method_comparison_plot.png)

![Searches as they go on](anytime_plot.png)

## The paper's own figures

Measured by its authors, on their machine and splits; nothing above rests on them. Means over its
eight datasets.

{reference}

![Language models](llm_comparison_plot.png)
"""

FIRST_PICK = "surrogate"


def evaluation_page(table: pd.DataFrame, report: dict[str, Any], reference: pd.DataFrame) -> str:
    """Write the comparison as Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.summary.method_table`.
    report : dict
        From `evaluation.summary.evaluation_report`.
    reference : pandas.DataFrame
        From `evaluation.published.published_reference`.

    Returns
    -------
    str
        Refers to the pictures beside it by file name. The measured response times are not in it,
        so that the same inputs give the same page.
    """
    return CONTENTS.format(
        headline=_headline(table),
        level=report["parameters"]["level"],
        n_datasets=len(report["recorded_trials"]),
        methods=_methods(table, report["parameters"]["n_trials"]),
        by_dataset=_by_dataset(report, table),
        notes=_notes(report),
        reference=_reference(reference),
    )


def _headline(table: pd.DataFrame) -> str:
    """Say where the first pick stands among the methods that cost no trial."""
    free = {row["method"]: row for row in table.to_dict("records") if row["n_trials"] == 0}
    own = free.pop(FIRST_PICK, None)
    if own is None or not free:
        return "The surrogate's pick was not compared with another method that costs no trial."
    rival = min(free.values(), key=lambda row: float(row["mean_regret"]))
    than = "lower than" if own["mean_regret"] < rival["mean_regret"] else "no lower than"
    worth = own["equals_random_trials"]
    n_random = "no number of" if pd.isna(worth) else f"{worth:d}"
    return (
        f"Without running a trial, the surrogate's pick has a mean regret of "
        f"**{own['mean_regret']:.3f}** ({own['regret_low']:.3f} to {own['regret_high']:.3f}), "
        f"{than} that of the strongest other choice that costs none, {rival['label'].lower()} "
        f"({rival['mean_regret']:.3f}); it is worth {n_random} random trials."
    )


def _methods(table: pd.DataFrame, n_trials: int) -> str:
    head = [
        "Method", "Trials", "Mean regret", "Interval", "Mean rank", "Mean accuracy",
        "Training time (s)", "Search time (s)", f"Equals random trials (searches: {n_trials})",
    ]  # fmt: skip
    rows = (
        [
            row["label"],
            f"{row['n_trials']:g}",
            f"{row['mean_regret']:.3f}",
            f"{row['regret_low']:.3f} to {row['regret_high']:.3f}",
            f"{row['mean_rank']:.2f}",
            f"{row['mean_accuracy']:.3f}",
            _number(row["mean_training_time_s"], ".1f"),
            _number(row["mean_search_time_s"], ".0f"),
            _number(row["equals_random_trials"], "d"),
        ]
        for row in table.to_dict("records")
    )
    return _markdown(head, rows)


def _by_dataset(report: dict[str, Any], table: pd.DataFrame) -> str:
    labels = dict(zip(table["method"], table["label"], strict=True))
    rows = (
        [dataset, str(report["recorded_trials"][dataset]), *_best_in_bold(regrets, labels)]
        for dataset, regrets in report["by_dataset"]["regret"].items()
    )
    return _markdown(["Dataset", "Recorded trials", *labels.values()], rows)


def _best_in_bold(regrets: dict[str, float], methods: Iterable[str]) -> list[str]:
    best = f"{min(regrets.values()):.3f}"
    cells = [f"{regrets[name]:.3f}" for name in methods]
    return [f"**{cell}**" if cell == best else cell for cell in cells]


def _notes(report: dict[str, Any]) -> str:
    notes = [f"- Not scored: {name} ({why})." for name, why in report["excluded_datasets"].items()]
    for method, datasets in report["uninformed_choices"].items():
        notes.append(f"- `{method}` knew no recorded configuration of {', '.join(datasets)}.")
    return "\n".join(notes) or "All datasets of the history are scored."


def _reference(reference: pd.DataFrame) -> str:
    rows = (
        [
            row["method"],
            row["selection"],
            f"{row['mean_accuracy']:.3f}",
            f"{row['mean_response_time_s']:.0f}",
            f"{row['mean_training_time_s']:.0f}",
        ]
        for row in reference.to_dict("records")
    )
    head = ["Method", "How chosen", "Mean accuracy", "Response time (s)", "Training time (s)"]
    return _markdown(head, rows)


def _number(value: Any, form: str) -> str:
    return "—" if pd.isna(value) else format(value, form)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
