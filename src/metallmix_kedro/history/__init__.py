"""All trials measured, published or imported (the paper's meta-dataset, section 2.1)."""

from metallmix_kedro.history.columns import (
    ACCURACY,
    HISTORY_COLUMNS,
    METRICS,
    PROTOCOL,
    SCORE,
    SOURCES,
    TIMES,
)

__all__ = [
    "ACCURACY",
    "HISTORY_COLUMNS",
    "METRICS",
    "PROTOCOL",
    "SCORE",
    "SOURCES",
    "TIMES",
]
