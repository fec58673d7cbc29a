"""All trials measured, published or imported (the paper's meta-dataset, section 2.1).

`importing` reads other people's trials, `portrait` sums the history up. It may import
`meta_features`, `search_space` and `support`.
"""

from metallmix_kedro.history.columns import (
    ACCURACY,
    METRICS,
    PROTOCOL,
    SCORE,
    SOURCES,
    TIMES,
    history_columns,
)

__all__ = [
    "ACCURACY",
    "METRICS",
    "PROTOCOL",
    "SCORE",
    "SOURCES",
    "TIMES",
    "history_columns",
]
