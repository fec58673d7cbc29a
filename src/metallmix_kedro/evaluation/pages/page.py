"""The comparison on one page, for a reader with a minute."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.protocols import protocol_title
from metallmix_kedro.evaluation.statistics.summary import BEST_OF_FIVE, FIRST_PICK, main_regrets
from metallmix_kedro.support import text_template


def evaluation_page(
    table: pd.DataFrame,
    tests: pd.DataFrame,
    protocols: pd.DataFrame,
    datasets: pd.DataFrame,
    report: dict[str, Any],
) -> str:
    """Write the comparison as Markdown.

    Parameters
    ----------
    table, tests, protocols, datasets : pandas.DataFrame
        From `evaluation.statistics.summary`: `method_table`, `significance_table`,
        `protocol_table`, `dataset_table`.
    report : dict
        From `evaluation.pages.report.evaluation_report`.

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
        by_dataset=main_regrets(datasets)[table["method"]].to_dict("index"),
        n_recorded=report["recorded_trials"],
        excluded=report["excluded_datasets"],
        uninformed=report["uninformed_choices"],
        not_run=list(_not_run(report)),
    )


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
        "rival": min(free.values(), key=itemgetter("mean_regret")),
        "five": five,
        "five_rival": min(free.values(), key=itemgetter("mean_regret_of_five")),
        "n_others": len(others),
        "n_worse": int((clear["mean_difference"] < 0).sum()),
        "n_better": int((clear["mean_difference"] > 0).sum()),
        "bayesian": "bayesian_search" in rows,
    }


def inside(label: str) -> str:
    """Begin a label with a small letter, as it stands inside a sentence; abbreviations stay."""
    first = label.split()[0]
    return label if first[1:] != first[1:].lower() else label[0].lower() + label[1:]


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
