"""Fitting the surrogate, with whole datasets left out for its intervals."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pandas as pd
from rich.console import Console
from rich.progress import track

from metallmix_kedro.declared import network
from metallmix_kedro.history import Objective, add_relative_score, coded, draw_evenly
from metallmix_kedro.support import InputError
from metallmix_kedro.surrogate.card import (
    TARGETS,
    SurrogateCard,
    TrainingFacts,
    package_versions,
)
from metallmix_kedro.surrogate.folds import Fold, deal
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from metallmix_kedro.surrogate.point import PointModel, fit_point_model
from metallmix_kedro.surrogate.residuals import Errors, errors_on
from metallmix_kedro.surrogate.uncertainty.calibration import calibrate
from metallmix_kedro.surrogate.uncertainty.scales import is_own
from metallmix_kedro.surrogate.uncertainty.spread import Spread

FEWEST_BACKBONES = 3
"""With fewer, what remains when one is hidden says nothing of how backbones differ."""
MOST_HIDDEN = 15
"""Folds that are predicted with a backbone hidden."""
LONG = 50
"""Fits from which on a progress bar is shown."""


def fit_surrogate(
    history: pd.DataFrame,
    parameters: MetaLearningParameters,
    seed: int,
    objective: Objective = "accuracy",
) -> Surrogate:
    """Fit the surrogate on a history, with intervals calibrated on left-out datasets.

    Parameters
    ----------
    history : pandas.DataFrame
        Trials that satisfy ``history_schema``, with their ``score`` (`history.objective`), of at
        least two measured or imported datasets.
    parameters : MetaLearningParameters
        How the models are grown and the intervals calibrated.
    seed : int
        Seed of the trees' subsampling; same inputs, same bytes.
    objective : Objective
        What the score is; the card tells it.

    Returns
    -------
    Surrogate

    Raises
    ------
    InputError
        If fewer than two datasets have trials to calibrate on.
    """
    trials = coded(add_relative_score(history.reset_index(drop=True)))
    folds = make_folds(trials, parameters, at_least=2)
    everything: Fold = frozenset()
    models = fit_without(trials, [everything, *folds], parameters, seed)
    errors = errors_on(trials, {fold: models[fold] for fold in folds}, parameters, seed)
    hidden = errors_on_hidden_backbones(trials, folds, parameters, seed)
    return assemble(trials, models[everything], errors, parameters, seed, objective, hidden)


def make_folds(
    trials: pd.DataFrame, parameters: MetaLearningParameters, at_least: int
) -> list[Fold]:
    """Deal the datasets with own, scored trials to folds that are left out one by one.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score``.
    parameters : MetaLearningParameters
        ``max_folds`` and ``overlapping`` (`deal`).
    at_least : int
        Datasets that are needed.

    Raises
    ------
    InputError
        If there are fewer datasets.
    """
    names = sorted(
        trials.loc[is_own(trials) & trials["relative_score"].notna(), "dataset"].unique()
    )
    if len(names) < at_least:
        raise InputError(
            f"The history holds measured trials of {len(names)} dataset(s) "
            f"({', '.join(names) or 'none'}); learning across datasets and testing on one that "
            f"was left out needs at least {at_least}. Measure trials on more datasets (pipeline "
            "experiment_grid)."
        )
    return deal(names, parameters.max_folds, parameters.overlapping)


def fit_without(
    trials: pd.DataFrame,
    left_out: Collection[Fold],
    parameters: MetaLearningParameters,
    seed: int,
) -> dict[Fold, PointModel]:
    """Fit one model for each set of datasets left out, several at a time.

    A left-out dataset's rows reach nothing under any source: not the encoder, not the scales.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score``.
    left_out : collection of frozenset of str
        Names of datasets; the empty set fits on everything.
    parameters, seed
        As for `fit_surrogate`.
    """

    def fit(without: Fold) -> PointModel:
        return fit_point_model(trials, parameters, seed, without)

    trials = coded(trials)
    models = _at_the_same_time(fit, left_out, parameters.n_threads)
    return dict(zip(left_out, models, strict=True))


def errors_on_hidden_backbones(
    trials: pd.DataFrame, folds: Sequence[Fold], parameters: MetaLearningParameters, seed: int
) -> Errors:
    """Take the errors on backbones of which a model has not seen a trial.

    A backbone that was never measured is ranked by its published facts and by what probes say of
    it. How far that is off is seen by hiding one that was measured: each fold of datasets is
    predicted by a model that has seen neither them nor one of the backbones, the next one for the
    next fold.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score``.
    folds : sequence of frozenset of str
        Names of datasets; of very many folds, `MOST_HIDDEN` are predicted.
    parameters, seed
        As for `fit_surrogate`.

    Returns
    -------
    dict
        As `errors_on` returns it; empty with fewer than `FEWEST_BACKBONES` backbones, or none.
    """
    # What a million trials would tell of it, twenty thousand tell as well.
    trials = trials.iloc[draw_evenly(trials["dataset"], parameters.max_trials, seed)]
    own = trials[is_own(trials) & trials["relative_score"].notna()]
    if network() is None:
        return {}
    backbones = sorted(own["backbone"].dropna().unique())
    if len(backbones) < FEWEST_BACKBONES:
        return {}
    hidden = dict(zip(folds[:MOST_HIDDEN], cycle(backbones), strict=False))

    def fit(fold: Fold) -> PointModel:
        known = trials["backbone"] != hidden[fold]
        return fit_point_model(trials[known], parameters, seed, fold)

    asked = pd.concat(
        [
            own[own["dataset"].isin(fold) & (own["backbone"] == name)]
            for fold, name in hidden.items()
        ]
    )
    with_trials = [fold for fold in hidden if asked["dataset"].isin(fold).any()]
    models = _at_the_same_time(fit, with_trials, parameters.n_threads)
    return errors_on(asked, dict(zip(with_trials, models, strict=True)), parameters, seed)


def assemble(
    trials: pd.DataFrame,
    point: PointModel,
    errors: Errors,
    parameters: MetaLearningParameters,
    seed: int,
    objective: Objective = "accuracy",
    hidden: Errors | None = None,
) -> Surrogate:
    """Join models and intervals with the facts of the trials they were fitted on.

    Parameters
    ----------
    trials : pandas.DataFrame
        Rows of a history with ``relative_score``.
    point : PointModel
        Fitted on them.
    errors : dict
        From `errors_on`.
    parameters, seed
        As for `fit_surrogate`.
    hidden : dict, optional
        From `errors_on_hidden_backbones`; without it, backbones that were never measured have the
        intervals of the others.
    """
    scored = trials.loc[trials["relative_score"].notna(), ["source", "dataset"]]
    counts = scored["source"].value_counts().sort_index()
    models = {"score_model": point.score_model, "time_model": point.time_model}
    content = b"".join(bytes(model.save_raw("json")) for model in models.values())
    content += point.encoder.model_dump_json().encode()
    card = SurrogateCard(
        fingerprint=hashlib.sha256(content).hexdigest(),
        predicts=TARGETS,
        columns=point.encoder.described_columns,
        encoder=point.encoder,
        score_scale=point.score_scale,
        device_scale=point.device_scale,
        calibration=calibrate(errors, parameters.interval_level, hidden),
        spread=Spread.fit(trials),
        training=TrainingFacts(
            n_trials=counts[counts > 0].to_dict(),
            datasets=tuple(sorted(scored["dataset"].unique())),
            seed=seed,
            parameters=parameters,
            objective=objective,
        ),
        packages=package_versions(),
    )
    for role, model in models.items():
        model.set_attr(role=role, fingerprint=card.fingerprint)
    return Surrogate(point, card)


def _at_the_same_time(
    fit: Callable[[Fold], PointModel], folds: Collection[Fold], n_threads: int
) -> list[PointModel]:
    # XGBoost lets go of the interpreter while it grows trees, so threads are enough.
    with ThreadPoolExecutor(n_threads) as pool:
        running: Iterable[PointModel] = pool.map(fit, folds)
        return list(
            track(
                running,
                "Fitting without each dataset",
                total=len(folds),
                console=Console(stderr=True),
                transient=True,
                disable=len(folds) < LONG,
            )
        )
