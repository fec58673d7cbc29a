"""How methods, protocols and probes are shown and named: the same everywhere."""

from typing import Any

import pandas as pd

from metallmix_kedro.declared import features, network
from metallmix_kedro.evaluation.parameters import MAIN
from metallmix_kedro.evaluation.protocols.protocols import kind_of_dataset

# Okabe and Ito's colours, which colour-blind readers tell apart; markers say it a second time.
STYLES: dict[str, tuple[str, str]] = {
    "surrogate": ("#D55E00", "o"),
    "short_list": ("#E69F00", "D"),
    "one_probe": ("#D55E00", "8"),
    "all_probes": ("#D55E00", "*"),
    "probed_short_list": ("#E69F00", "H"),
    "own_trials": ("#7A3E9D", "$o$"),
    "probed_own_trials": ("#7A3E9D", "2"),
    "best_on_average": ("#0072B2", "s"),
    "best_by_rank": ("#0072B2", "p"),
    "nearest_neighbour": ("#56B4E9", "^"),
    "three_nearest_neighbours": ("#56B4E9", "<"),
    "greedy_portfolio": ("#B5A900", "h"),
    "surrogate_raw_accuracy": ("#CC79A7", "d"),
    "pairwise_ranker": ("#CC79A7", ">"),
    "transferability": ("#8C564B", "X"),
    "random_pick": ("#999999", "x"),
    "random_search": ("#333333", "v"),
    "bayesian_search": ("#009E73", "P"),
}
OTHER_STYLE = ("#CC79A7", "*")
MARKER_SIZE = 42


def protocol_title(protocol: str) -> str:
    """Say in a few words what training loses under a protocol."""
    titles: dict[str, str] = {
        MAIN: "Dataset left out",
        "leave_one_modality_out": f"Its whole {_words_of(kind_of_dataset())} left out",
        "leave_one_backbone_out": f"A {_words_of(network())} left out as well",
    }
    return titles.get(protocol, protocol)


def _words_of(feature: str | None) -> str:
    return "" if feature is None else features()[feature].words or feature


def colour_of(method: str) -> str:
    """Return a method's colour."""
    return STYLES.get(method, OTHER_STYLE)[0]


def marker_of(method: str) -> str:
    """Return a method's marker."""
    return STYLES.get(method, OTHER_STYLE)[1]


def dots(method: str) -> dict[str, Any]:
    """Return the arguments with which a method's dots are scattered."""
    return {"c": colour_of(method), "marker": marker_of(method), "s": MARKER_SIZE}


def in_style_order(table: pd.DataFrame) -> list[str]:
    """Return the methods of a table in the order of the styles, then those without one."""
    known = [name for name in STYLES if name in set(table["method"])]
    return known + [name for name in table["method"] if name not in STYLES]
