"""The SHAP summary in plain words, made from the tables (paper, section 2.2, Figure 3).

The paper had this written by hand with the help of a language model. Here every sentence is made
from a number that stands in it, so that there is nothing to check afterwards.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from metallmix_kedro.attribution.tables import trials_of
from metallmix_kedro.attribution.values import readable_values
from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.support import text_template
from metallmix_kedro.surrogate import BASE_VALUE, described_features, surrogate_features

N_STRONGEST = 6
"""Features that are ranked as strongest."""

CLEAR_CORRELATION = 0.3
"""Absolute Pearson correlation from which on the text speaks of a direction."""

FEW_TRIALS = 10
"""Values that fewer trials have than this are marked."""


def summarise(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    by_value: pd.DataFrame,
    correlations: pd.DataFrame,
) -> str:
    """Tell in words which features and values the surrogate holds for helpful or harmful.

    Parameters
    ----------
    attributions : pandas.DataFrame
        From `metallmix_kedro.attribution.trials.attribute_trials`.
    history : pandas.DataFrame
        The history they were made from.
    by_value, correlations : pandas.DataFrame
        From `metallmix_kedro.attribution.tables`.

    Returns
    -------
    str
        Plain text in sections. The same tables give the same text.
    """
    strength = (
        attributions[list(surrogate_features())]
        .abs()
        .mean()
        .sort_values(ascending=False, kind="stable")
    )
    ordered = by_value.sort_values("mean_contribution", ascending=False, kind="stable")
    r_of = correlations.set_index("feature")["pearson_r"].dropna()
    sizes = attributions["dataset"].value_counts()
    least, most = f"{sizes.min():,}", f"{sizes.max():,}"
    template = Path(__file__).with_name("summary.txt.j2")
    return text_template(template, words=words_of, signed=_signed, counted=_count).render(
        trials=_count(len(attributions), "trial"),
        datasets=_count(len(sizes), "dataset"),
        start=attributions[BASE_VALUE].mean(),
        strongest=strength.head(N_STRONGEST).items(),
        meta_features=meta_feature_columns(),
        values={
            name: list(ordered[ordered["feature"] == name].itertuples())
            for name in strength.index
            if name in configuration_columns()
        },
        agreement=_sign_agreement(attributions, history, by_value),
        few_trials=FEW_TRIALS,
        directions=[(name, r_of[name], strength[name]) for name in strength.index if name in r_of],
        clear=CLEAR_CORRELATION,
        span=most if least == most else f"{least} to {most}",
    )


def words_of(name: str) -> str:
    """Name a feature in the words it is declared with."""
    return described_features()[name].words or name.replace("_", " ")


def _sign_agreement(
    attributions: pd.DataFrame, history: pd.DataFrame, by_value: pd.DataFrame
) -> dict[tuple[Any, Any], str]:
    """Say for each value of a hyperparameter on how many datasets the sign is that of its mean."""
    trials = trials_of(attributions, history)
    overall = by_value.set_index(["feature", "value"])["mean_contribution"]
    said: dict[tuple[Any, Any], str] = {}
    for name in configuration_columns():
        values = readable_values(name, trials[name])
        means = attributions[name].groupby([values, attributions["dataset"]]).mean()
        for value, of_datasets in means.groupby(level=0):
            same = int((of_datasets * overall.loc[(name, value)] > 0).sum())
            said[name, value] = f"same sign on {same} of {_count(len(of_datasets), 'dataset')}"
    return said


def _signed(value: float) -> str:
    text = f"{value:+.3f}"
    return "0.000" if text in ("+0.000", "-0.000") else text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
