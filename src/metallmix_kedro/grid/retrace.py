"""Which trials each search ran, in order, told from the history (paper, Table 3).

A history has no order, and a search that proposed a configuration measured before has no row of
its own for it. But random draws and the optimiser's proposals depend on nothing but their seed
and the outcomes told, so that they can be made again, which trains nothing.
"""

import logging
from itertools import takewhile
from typing import Any

import pandas as pd

from metallmix_kedro.grid.known import history_records
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.proposals import random_configurations
from metallmix_kedro.grid.record import Record
from metallmix_kedro.grid.search import SearchChain
from metallmix_kedro.history import same_setting
from metallmix_kedro.search_space import Configuration, SearchSpace

logger = logging.getLogger(__name__)

Outcomes = dict[Configuration, Record]


def retrace_searches(
    history: pd.DataFrame, space: SearchSpace, parameters: ExperimentGridParameters
) -> dict[str, dict[str, Any]]:
    """Find the trials of random search and of Bayesian optimisation on each dataset.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns `history_columns`. Of each dataset the measured trials of its most frequent
        setting are looked at.
    space : SearchSpace
        Where the searches looked.
    parameters : ExperimentGridParameters
        How many trials they had, and their seed: those the trials were measured with.

    Returns
    -------
    dict
        By ``<dataset>/<search>``: ``dataset``, ``search`` (``"random_search"`` or
        ``"bayesian_search"``), and ``trial_ids`` in the order tried; of Bayesian optimisation
        with the random trials it was told first. Of a search that has not ended, as far as it
        got; a dataset without one has none.

    Raises
    ------
    MissingExtraError
        If there are Bayesian trials and scikit-optimize is not installed.
    """
    measured = same_setting(history[history["source"] == "measured"])
    drawn = random_configurations(space, parameters.n_random, parameters.seed)
    found: dict[str, dict[str, Any]] = {}
    for dataset, rows in measured.groupby("dataset"):
        outcomes = {
            Configuration.from_mapping(record): record for record in history_records(rows).values()
        }
        # As far as it got: one that was measured for another reason is no search.
        searches = {"random_search": list(takewhile(outcomes.__contains__, drawn))}
        if (rows["proposer"] == "bayesian").any():
            searches["bayesian_search"] = _retrace(str(dataset), outcomes, space, parameters, drawn)
        for search, configurations in searches.items():
            if configurations:
                found[f"{dataset}/{search}"] = {
                    "dataset": str(dataset),
                    "search": search,
                    "trial_ids": [outcomes[one]["trial_id"] for one in configurations],
                }
    return found


def _retrace(
    dataset: str,
    outcomes: Outcomes,
    space: SearchSpace,
    parameters: ExperimentGridParameters,
    drawn: list[Configuration],
) -> list[Configuration]:
    tried = drawn[: parameters.n_initial]
    chain = SearchChain(space, tried, parameters.n_bayesian, parameters.seed)
    if not chain.is_ready(outcomes):
        logger.warning(
            "The search on %s cannot be retraced: the history lacks random trials it began with. "
            "Are search_space and experiment_grid those it was measured with?",
            dataset,
        )
        return []
    while chain.n_left:
        proposal, _ = chain.propose(outcomes)
        if proposal not in outcomes:
            logger.warning(
                "The search on %s is retraced up to its trial %d of %d; the next one, %s, was not "
                "measured.",
                dataset,
                len(tried),
                parameters.n_initial + parameters.n_bayesian,
                proposal.id,
            )
            break
        tried.append(proposal)
    return tried
