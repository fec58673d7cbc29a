"""The comparison on one page, for a reader with a minute."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.declared import network
from metallmix_kedro.evaluation.pages.headline import headline, inside
from metallmix_kedro.evaluation.pages.markdown import NOTHING, markdown_table
from metallmix_kedro.evaluation.pages.styles import PROBES, protocol_title
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.statistics.summary import BEST_OF_FIVE, FIRST_PICK
from metallmix_kedro.support import text_template

ALMOST_NEVER = 0.0005
"""A p-value below this is not written out."""


def evaluation_page(
    table: pd.DataFrame,
    tests: pd.DataFrame,
    protocols: pd.DataFrame,
    report: dict[str, Any],
    reference: pd.DataFrame,
) -> str:
    """Write the comparison as Markdown.

    Parameters
    ----------
    table, tests, protocols : pandas.DataFrame
        From `evaluation.statistics.summary`: `method_table`, `significance_table`,
        `protocol_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.
    reference : pandas.DataFrame
        From `evaluation.published.published_reference`; nothing is said of an empty one.

    Returns
    -------
    str
        Refers to the pictures beside it by file name. The measured response times are not in it,
        so that the same inputs give the same page.
    """
    return text_template(Path(__file__).with_name("page.md.j2")).render(
        head=headline(table, tests, report),
        n_trials=int(report["parameters"]["n_trials"]),
        missing=pd.isna,
        inside=inside,
        level=f"{report['parameters']['level']:.0%}",
        n_datasets=len(report["recorded_trials"]),
        methods=_methods(table),
        floors=[floor for floor in report["noise_floors"].values() if floor is not None],
        metric=report["metric"],
        tests=_tests(tests, table),
        protocols=_protocols(protocols, report),
        other_protocols=report["other_protocols"],
        chances=report["uncertainty"]["chance_to_beat_best_on_average"],
        outside=report["uncertainty"]["outside_the_history"],
        probes=PROBES if network() else {},
        title=protocol_title,
        by_dataset=_by_dataset(report, table),
        excluded=report["excluded_datasets"],
        uninformed=report["uninformed_choices"],
        not_run=list(_not_run(report)),
        reference="" if reference.empty else _reference(reference),
    )


METHOD_COLUMNS = {
    "Trials": "{n_trials:g}",
    "Mean regret": "{mean_regret:.3f}",
    "Interval": "{regret_low:.3f} to {regret_high:.3f}",
    "Best of five": "{mean_regret_of_five:.3f}",
    "Rank": "{mean_rank:.2f}",
    "Share of best": "{mean_share_of_best:.3f}",
    "Below best": "{mean_below_best:.3f}",
    "Score": "{mean_score:.3f}",
    "Training time (s)": "{mean_training_time_s:.1f}",
    "Search time (s)": "{mean_search_time_s:.0f}",
    "= random": "{equals_random_trials:.0f}",
    "= Bayesian": "{equals_bayesian_trials:.0f}",
}
REFERENCE_COLUMNS = {
    "Method": "{method}",
    "How chosen": "{selection}",
    "Mean accuracy": "{mean_accuracy:.3f}",
    "Response time (s)": "{mean_response_time_s:.0f}",
    "Training time (s)": "{mean_training_time_s:.0f}",
}


def _cells(row: dict[Any, Any], columns: dict[str, str]) -> list[str]:
    known = {name: NOTHING if pd.isna(value) else value for name, value in row.items()}
    return [cell.format(**known) for cell in columns.values()]


def _methods(table: pd.DataFrame) -> str:
    rows = (
        [_ours_in_bold(row["method"], row["label"]), *_cells(row, METHOD_COLUMNS)]
        for row in table.to_dict("records")
    )
    return markdown_table(["Method", *METHOD_COLUMNS], rows)


def _tests(tests: pd.DataFrame, table: pd.DataFrame) -> str:
    """Set the tests of first pick and best of five side by side, a row another method."""
    main = tests[tests["protocol"] == MAIN]
    if main.empty:
        return ""
    found = {(row["figure"], row["other"]): row for row in main.to_dict("records")}
    labels = dict(zip(table["method"], table["label"], strict=True))
    rows = [
        [label, *_test(found.get(("regret", name))), *_test(found.get(("regret_of_five", name)))]
        for name, label in labels.items()
    ]
    shown = [row for row in rows if any(cell != "—" for cell in row[1:])]
    head = ["Against"]
    for figure in ("first pick", "best of five"):
        head += [f"{figure}: difference", "better / equal / worse", "p (Holm)"]
    return markdown_table(head, shown)


def _test(row: dict[Any, Any] | None) -> list[str]:
    if row is None:
        return ["—"] * 3
    p = f"{row['p_holm']:.3f}" if row["p_holm"] >= ALMOST_NEVER else "< 0.001"
    counts = f"{row['wins']} / {row['ties']} / {row['losses']}"
    return [f"{row['mean_difference']:+.3f}", counts, p]


def _protocols(protocols: pd.DataFrame, report: dict[str, Any]) -> str:
    """Set mean regrets side by side, first pick and best of five, a row a method."""
    names = [
        name for name in report["parameters"]["protocols"] if name in set(protocols["protocol"])
    ]
    figures = {(row["protocol"], row["method"]): row for row in protocols.to_dict("records")}
    labels = dict(zip(protocols["method"], protocols["label"], strict=True))
    rows = (
        [_ours_in_bold(name, label), *(_pair(figures.get((where, name))) for where in names)]
        for name, label in labels.items()
    )
    head = ["Method", *(protocol_title(name) for name in names)]
    return markdown_table(head, rows)


def _pair(row: dict[Any, Any] | None) -> str:
    return "—" if row is None else f"{row['mean_regret']:.3f} / {row['mean_regret_of_five']:.3f}"


def _by_dataset(report: dict[str, Any], table: pd.DataFrame) -> str:
    labels = dict(zip(table["method"], table["label"], strict=True))
    rows = (
        [dataset, str(report["recorded_trials"][dataset]), *_best_in_bold(regrets, list(labels))]
        for dataset, regrets in report["by_dataset"]["regret"].items()
    )
    return markdown_table(["Dataset", "Recorded trials", *labels.values()], rows)


def _best_in_bold(regrets: dict[str, float], methods: list[str]) -> list[str]:
    best = f"{min(regrets.values()):.3f}"
    cells = [f"{regrets[name]:.3f}" for name in methods]
    return [f"**{cell}**" if cell == best else cell for cell in cells]


def _ours_in_bold(method: str, label: str) -> str:
    return f"**{label}**" if method in (FIRST_PICK, BEST_OF_FIVE) else label


def _not_run(report: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Say of each method that was not run why, and on which datasets."""
    for method, reasons in report["not_run"].items():
        for why in dict.fromkeys(reasons.values()):
            yield method, why, [name for name, reason in reasons.items() if reason == why]


def _reference(reference: pd.DataFrame) -> str:
    rows = (_cells(row, REFERENCE_COLUMNS) for row in reference.to_dict("records"))
    return markdown_table([*REFERENCE_COLUMNS], rows)
