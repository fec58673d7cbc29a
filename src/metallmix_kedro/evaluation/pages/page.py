"""The comparison on one page, for a reader with a minute."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.pages.headline import headline, inside
from metallmix_kedro.evaluation.pages.styles import protocol_title
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.statistics.summary import BEST_OF_FIVE, FIRST_PICK
from metallmix_kedro.support import text_template


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
    main = tests[tests["protocol"] == MAIN]
    return text_template(Path(__file__).with_name("page.md.j2"), figure=_figure).render(
        head=headline(table, tests, report),
        n_trials=int(report["parameters"]["n_trials"]),
        missing=pd.isna,
        inside=inside,
        level=f"{report['parameters']['level']:.0%}",
        n_datasets=len(report["recorded_trials"]),
        methods=table.to_dict("records"),
        ours=(FIRST_PICK, BEST_OF_FIVE),
        floors=[floor for floor in report["noise_floors"].values() if floor is not None],
        metric=report["metric"],
        tests=defaultdict(dict, _rows(main, ["figure", "other"])),
        protocols={
            name: defaultdict(dict, _rows(protocols[protocols["protocol"] == name], "method"))
            for name in report["parameters"]["protocols"]
            if name in set(protocols["protocol"])
        },
        learning=dict(zip(protocols["method"], protocols["label"], strict=True)),
        other_protocols=report["other_protocols"],
        title=protocol_title,
        by_dataset=report["by_dataset"]["regret"],
        n_recorded=report["recorded_trials"],
        excluded=report["excluded_datasets"],
        uninformed=report["uninformed_choices"],
        not_run=list(_not_run(report)),
        reference=reference.to_dict("records"),
    )


def _figure(value: Any, form: str = ".3f") -> str:
    return "—" if pd.isna(value) else format(value, form)


def _rows(table: pd.DataFrame, key: str | list[str]) -> dict[Hashable, dict[Hashable, Any]]:
    """Return the rows of a table by the value, or values, of its key."""
    return table.set_index(key).to_dict("index")


def _not_run(report: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Say of each method that was not run why, and on which datasets."""
    for method, reasons in report["not_run"].items():
        for why in dict.fromkeys(reasons.values()):
            yield method, why, [name for name, reason in reasons.items() if reason == why]
