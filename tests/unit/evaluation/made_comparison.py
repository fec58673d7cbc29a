"""Comparisons whose figures are known, for tables and pages."""

from dataclasses import replace

import numpy as np
import pandas as pd

from metallmix_kedro.evaluation.outcomes import OUTCOME_COLUMNS, Comparison
from metallmix_kedro.evaluation.parameters import MAIN

MODALITY = "leave_one_modality_out"


def outcome(dataset, method, seed, regret, n_trials=0, time=np.nan, of_five=None, protocol=MAIN):
    """Return a row of outcomes; accuracy is 1 - regret."""
    best_of_five = regret / 2 if of_five is None else of_five
    trial_id, accuracy = f"{dataset}-x", 1 - regret
    first = (protocol, dataset, method, seed, trial_id, n_trials, regret, best_of_five)
    return dict(zip(OUTCOME_COLUMNS, (*first, accuracy, time, time, regret / 10), strict=True))


def two_methods() -> Comparison:
    """On `a` the surrogate wins; on `b` both are equal, one of them only on average."""
    rows = [
        outcome("a", "surrogate", 0, 0.1, time=3.0),
        outcome("b", "surrogate", 0, 0.3),
        outcome("a", "random_pick", 0, 0.4),
        outcome("a", "random_pick", 1, 0.6),
        outcome("b", "random_pick", 0, 0.2),
        outcome("b", "random_pick", 1, 0.4),
    ]
    return Comparison(
        outcomes=pd.DataFrame(rows),
        anytime=pd.DataFrame(columns=["dataset", "method", "n_trials", "regret"]),
        random_curve=np.array([0.4, 0.25, 0.2, 0.0]),
        excluded={MAIN: {"c": "2 recorded trials, fewer than 5"}},
        n_recorded={"a": 9, "b": 8},
        uninformed={MAIN: {"surrogate": ["b"]}},
        not_run={},
        floors={},
        response_times={"surrogate": 0.1, "random_pick": 0.0},
    )


def eight_datasets() -> Comparison:
    """Four methods on eight datasets under two protocols, and one that ran on seven of them.

    The surrogate is 0.1 ahead of the best on average everywhere, the short list ahead of both; a
    Bayesian search is worse than the surrogate until its second trial.
    """
    rows = []
    for number in range(8):
        name, base = f"d{number}", 0.1 + number / 100
        rows += [
            outcome(name, "surrogate", 0, base, of_five=base / 2),
            outcome(name, "short_list", 0, base / 4, n_trials=5, time=50.0, of_five=base / 4),
            outcome(name, "best_on_average", 0, base + 0.1 + number / 500, of_five=base),
            outcome(name, "bayesian_search", 0, base / 2, n_trials=2, time=20.0),
        ]
        if number < 7:
            rows.append(outcome(name, "transferability", 0, 0.0))
        rows += [
            outcome(name, "surrogate", 0, base + 0.105, protocol=MODALITY),
            outcome(name, "short_list", 0, base, n_trials=5, protocol=MODALITY),
        ]
    anytime = pd.DataFrame(
        {"dataset": f"d{number}", "method": "bayesian_search", "n_trials": n, "regret": regret}
        for number in range(8)
        for n, regret in ((1, 0.5), (2, 0.06))
    )
    single = pd.DataFrame(
        {"dataset": f"d{number}", "method": method, "n_trials": 1, "regret": 0.1 + number / 100}
        for number in range(8)
        for method in ("surrogate", "best_on_average")
    )
    return Comparison(
        outcomes=pd.DataFrame(rows),
        anytime=pd.concat([anytime, single], ignore_index=True),
        random_curve=np.array([0.5, 0.3, 0.12, 0.0]),
        excluded={MAIN: {}, MODALITY: {}},
        n_recorded={f"d{number}": 20 for number in range(8)},
        uninformed={},
        not_run={MAIN: {"transferability": {"d7": "no probes of this dataset"}}},
        floors={},
        response_times={"surrogate": 0.1},
    )


def of_one_modality() -> Comparison:
    """The same eight datasets, all of one modality: without it nothing is left."""
    eight = eight_datasets()
    alone = {f"d{number}": "what remains has scored trials of 0 dataset(s)" for number in range(8)}
    return replace(eight, outcomes=eight.under(MAIN), excluded={MAIN: {}, MODALITY: alone})
