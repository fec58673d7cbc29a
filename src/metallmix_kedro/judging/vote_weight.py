"""What a model's vote is worth: the weight learned on the datasets left out."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from metallmix_kedro.explanation import weighed
from metallmix_kedro.language_models import WEIGHT_COLUMNS, VoteWeight

GRID = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Weights that are tried."""

VOTE = "llm_open"
"""The condition whose rows hold the votes of the prompt as it is."""

Row = Mapping[str, Any]


class Learned(NamedTuple):
    """A weight, and for each dataset the candidate that the weight of the others chooses."""

    weight: float
    chosen: dict[str, Row]


def learn_weight(rows: Sequence[Row]) -> Learned:
    """Learn the weight of one model's votes.

    For each dataset the weight is the one with the smallest mean regret on the others. The weight
    learned on all of them stands only if those choices have together less regret than the
    surrogate's own; otherwise it is 0.

    Parameters
    ----------
    rows : sequence of mapping
        One a dataset, each with ``dataset`` and ``candidates``, in the order of the short list:
        their ``predicted`` relative score, ``support`` and recorded ``regret``.
    """
    by_dataset = {str(row["dataset"]): row["candidates"] for row in rows}
    chosen = {
        name: _choose(listed, _best_weight([other for n, other in by_dataset.items() if n != name]))
        for name, listed in by_dataset.items()
    }
    gained = sum(by_dataset[name][0]["regret"] - one["regret"] for name, one in chosen.items())
    return Learned(_best_weight([*by_dataset.values()]) if gained > 1e-9 else 0.0, chosen)


def _best_weight(known: Sequence[Sequence[Row]]) -> float:
    """Return the weight with the smallest mean regret, the smallest of those that are equal."""
    if not known:
        return 0.0
    regrets = {
        weight: fmean(_choose(listed, weight)["regret"] for listed in known) for weight in GRID
    }
    return min(GRID, key=lambda weight: (round(regrets[weight], 9), weight))


def _choose(listed: Sequence[Row], weight: float) -> Row:
    predicted = [one["predicted"] for one in listed]
    combined = weighed(predicted, [one["support"] for one in listed], weight)
    return listed[combined.index(max(combined))]


def vote_rows(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows with votes of every model; a dataset whose vote did not count is left out."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["condition"] == VOTE and row.get("candidates"):
            found.setdefault(row["llm"], []).append(row)
    return found


def product_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows of condition ``llm``: the product, each dataset by the others' weight."""
    return [
        {
            **row,
            **chosen,
            "condition": "llm",
            "decided_by": "surrogate" if chosen is row["candidates"][0] else "llm",
        }
        for listed in vote_rows(rows).values()
        for row, chosen in zip(listed, learn_weight(listed).chosen.values(), strict=True)
    ]


def weight_table(rows: Iterable[Row], known: pd.DataFrame, history: str | None) -> pd.DataFrame:
    """Add what was measured to the table of measured models, in place of older rows of the same.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the ablation.
    known : pandas.DataFrame
        The table so far, with `WEIGHT_COLUMNS`.
    history : str or None
        Version of the history that was measured on.
    """
    measured = [_measured(name, listed, history) for name, listed in vote_rows(rows).items()]
    table = pd.DataFrame([one.model_dump() for one in measured], columns=list(WEIGHT_COLUMNS))
    if known.empty or table.empty:
        return known if table.empty else table
    both = pd.concat([known, table], ignore_index=True)
    which = both["digest"].fillna(both["model"])
    again = both.assign(which=which).duplicated(
        ["which", "prompt_sha256", "objective"], keep="last"
    )
    return both[~again].reset_index(drop=True)


def _measured(name: str, rows: Sequence[Row], history: str | None) -> VoteWeight:
    learned = learn_weight(rows)
    consistent = [one for row in rows if (one := row["position_consistency"]) is not None]
    return VoteWeight(
        model=name,
        digest=rows[0]["digest"],
        prompt_sha256=rows[0]["prompt_sha256"],
        objective=rows[0]["objective"],
        weight=learned.weight,
        n_datasets=len(rows),
        regret_with=round(fmean(one["regret"] for one in learned.chosen.values()), 4),
        regret_without=round(fmean(row["candidates"][0]["regret"] for row in rows), 4),
        consistency=round(fmean(consistent), 4) if consistent else None,
        measured_on=max(row["measured_on"] for row in rows),
        history=history,
    )
