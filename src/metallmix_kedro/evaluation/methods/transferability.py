"""The backbone by LogME, the rest by averages over other datasets.

LogME (You et al., "LogME: practical assessment of pre-trained models for transfer learning",
ICML 2021) is the evidence of a linear model of the target's labels on a backbone's frozen
features: one forward pass over the images, no training. It says nothing of the other
hyperparameters.
"""

from itertools import zip_longest

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, network
from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.methods.one_shot import NO_PROBES
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.protocols.task import Task
from metallmix_kedro.history import History


def _others() -> list[str]:
    return [name for name in configuration_columns() if name != network()]


def no_logme(task: Task) -> str | None:
    """Say why the backbones of a task cannot be ordered, or return None."""
    return None if len(_logme(task)) else NO_PROBES


def by_logme(task: Task, _rng: np.random.Generator, n_picks: int) -> list[int]:
    """Take one configuration of each backbone, the highest LogME first, then a second one each."""
    ordered = _by_average(task)
    backbones = task.candidates[network()]
    by_backbone = [
        [position for position in ordered if backbones[position] == wanted]
        for wanted in _logme(task).index
    ]
    rounds = zip_longest(*by_backbone)
    return [pick for turn in rounds for pick in turn if pick is not None][:n_picks]


def value_effects(training: History, _settings: Settings) -> dict[str, "pd.Series[float]"]:
    """Average relative scores by the value of each hyperparameter but the backbone.

    Parameters
    ----------
    training : History
        What may be learned from.
    settings : Settings
        Not asked.

    Returns
    -------
    dict of str to pandas.Series
        Hyperparameter -> value -> mean over datasets of the mean relative score of the trials
        with that value, less the mean over all values' means, so that a value that training does
        not know, and counts 0, is as good as the others are on average.
    """
    trials = training.comparable
    effects = {}
    for name in _others():
        by_dataset = trials.groupby([name, "dataset"], observed=True)["relative_score"].mean()
        means = by_dataset.groupby(level=0).mean()
        effects[name] = means - means.mean()
    return effects


def _logme(task: Task) -> "pd.Series[float]":
    """Return the LogME of each candidate backbone that was probed, the highest first."""
    probes = task.target_probes.dropna(subset=["logme"])
    probed = probes[probes["backbone"].isin(task.candidates[network()])]
    by_name = probed.set_index("backbone")["logme"].astype(float).sort_index()
    return by_name.sort_values(ascending=False, kind="stable")


def _by_average(task: Task) -> list[int]:
    """Order all candidates: those with an average by it, the others by their values' effects."""
    known = [int(position) for position in known_averages(task).index]
    effects = task.knowledge.learn(value_effects)
    rest = task.candidates.drop(index=known)
    sums = sum(
        (rest[name].map(effects[name]).astype(float).fillna(0.0) for name in _others()),
        start=pd.Series(0.0, index=rest.index),
    )
    ordered = sums.round(12).sort_values(ascending=False, kind="stable").index
    return [*known, *(int(position) for position in ordered)]
