"""Histories made by hand, for tests that know what has to come out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.schema import history_schema
from tests.fabricated import SPACE


def made_history(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a history of rows that say only what matters; the rest is measured and finished."""
    given = {"source": "measured", "proposer": "random", "status": "finished", "modality": "CT"}
    filled = [
        {**given, "dataset": "d", "backbone": "Xception", "trial_id": f"t{number:04d}", **row}
        for number, row in enumerate(rows)
    ]
    frame = pd.DataFrame(filled, dtype=object)
    return history_schema().validate(frame.reindex(columns=list(history_columns())))


def whole_space(
    score: Callable[[pd.Series], float], dataset: str = "d", **others: Any
) -> list[dict[str, Any]]:
    """Make a row of every configuration of the tests' space, with this score."""
    rows: list[Mapping[Any, Any]] = SPACE.frame().to_dict("records")
    return [
        {
            **row,
            "dataset": dataset,
            "trial_id": f"{dataset}-{number:04d}",
            "test_accuracy": float(np.clip(score(row), 0, 1)),
            **others,
        }
        for number, row in enumerate(rows)
    ]
