"""Leave-one-dataset-out: every trial predicted by a surrogate that never saw its dataset.

With a random split of the rows a surrogate looks excellent and is worthless on a new dataset.
Here everything is made without the left-out dataset, under any source it appears in: categories,
models, level and spread, devices, and the intervals too, whose residuals come from models that
miss one dataset more. The baseline sees the same trials.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history import SCORE, add_relative_score, configuration_means, with_all_images
from metallmix_kedro.surrogate.fit import assemble, fit_without, make_folds
from metallmix_kedro.surrogate.folds import Fold
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.residuals import errors_on
from metallmix_kedro.surrogate.uncertainty.scales import has_time, is_own

_TIMES = ("training_time_s", "training_time_low_s", "training_time_high_s")


def leave_one_dataset_out(
    history: pd.DataFrame, parameters: MetaLearningParameters, seed: int
) -> pd.DataFrame:
    """Predict the measured or imported trials without their dataset.

    Of a dataset measured with several numbers of training images, those with all of them.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials that satisfy ``history_schema``, with their ``score`` (`history.objective`), of at
        least three measured or imported datasets.
    parameters : MetaLearningParameters
        As for ``fit.fit_surrogate``. With more than ``max_folds`` datasets, several are left out
        at a time.
    seed : int
        Seed of the trees' subsampling.

    Returns
    -------
    pandas.DataFrame
        A row a finished trial with a score, in the history's order: ``trial_id``, ``dataset``,
        ``source``, ``score``, ``relative_score`` and ``training_time_s`` as measured;
        ``predicted_*``, the columns of ``Surrogate.predict``, times for the trial's own device
        where the training trials know it; ``baseline_relative_score`` and
        ``baseline_n_datasets``: the configuration's mean relative score over the datasets left in,
        and over how many it is (missing and 0 where none has it).

    Raises
    ------
    InputError
        If there are fewer than three datasets.
    """
    trials = add_relative_score(history.reset_index(drop=True))
    tables = [
        _predict_left_out(surrogate, trials, fold)
        for fold, surrogate in surrogates_without(trials, parameters, seed)
    ]
    return pd.concat(tables).sort_index().reset_index(drop=True)


def surrogates_without(
    trials: pd.DataFrame, parameters: MetaLearningParameters, seed: int
) -> Iterator[tuple[Fold, Surrogate]]:
    """Yield each fold of datasets with the surrogate of all the others.

    The model that misses datasets a and b gives the residuals of b for the surrogate without a,
    and the other way round, so n folds need n (n + 1) / 2 fits.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score`` and a unique index.
    parameters, seed
        As for `leave_one_dataset_out`.
    """
    folds = make_folds(trials, parameters, at_least=3)
    pairs = [one | other for one, other in combinations(folds, 2)]
    models = fit_without(trials, [*folds, *pairs], parameters, seed)
    for fold in folds:
        inner = {other: models[fold | other] for other in folds if other != fold}
        errors = errors_on(trials, inner, parameters, seed)
        left_in = trials[~trials["dataset"].isin(fold)]
        yield fold, assemble(left_in, models[fold], errors, parameters, seed)


def _predict_left_out(surrogate: Surrogate, trials: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    left_out = trials["dataset"].isin(fold)
    wanted = with_all_images(trials[left_out & is_own(trials) & trials["relative_score"].notna()])
    predicted = surrogate.predict(wanted)
    devices = surrogate.card.device_scale
    if devices is not None:
        factor = np.exp(devices.log_effect(wanted))
        predicted[list(_TIMES)] = predicted[list(_TIMES)].mul(factor, axis=0)
    measured = wanted[["trial_id", "dataset", "source"]].assign(
        score=wanted[SCORE],
        relative_score=wanted["relative_score"],
        training_time_s=wanted["training_time_s"].where(has_time(wanted)),
    )
    baseline = _baseline(trials[~left_out], wanted)
    return pd.concat([measured, predicted.add_prefix("predicted_"), baseline], axis=1)


def _baseline(left_in: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    keys = list(configuration_columns())
    means = configuration_means(left_in).drop(columns="n_trials")
    joined = wanted[keys].merge(means, on=keys, how="left").set_axis(wanted.index)
    return pd.DataFrame(
        {
            "baseline_relative_score": joined["mean_relative_score"],
            "baseline_n_datasets": joined["n_datasets"].fillna(0).astype("int64"),
        }
    )
