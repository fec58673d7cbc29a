"""SHAP values summarised: by value, by correlation, by trial (paper, section 2.2)."""

import numpy as np
import pandas as pd

from metallmix_kedro.attribution.values import binned_values, numeric_features, readable_values
from metallmix_kedro.declared import hyperparameters
from metallmix_kedro.support import ArtifactError
from metallmix_kedro.surrogate import as_seen, surrogate_features

N_TOP = 3
"""Strongest features that the paper shows of each trial."""


def by_value(attributions: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Average the contributions over the trials that have a value ("strategy = full: +0.03").

    Meta-features of many values are binned (`metallmix_kedro.attribution.values.binned_values`).

    Parameters
    ----------
    attributions : pandas.DataFrame
        From `metallmix_kedro.attribution.trials.attribute_trials`.
    history : pandas.DataFrame
        The history they were made from.

    Returns
    -------
    pandas.DataFrame
        Columns ``feature``, ``value`` (text), ``mean_contribution`` (units of the relative
        score), ``n_trials``; features in the surrogate's order, values in ascending order.
    """
    trials = trials_of(attributions, history)
    tables = [_of_feature(name, attributions[name], trials[name]) for name in surrogate_features()]
    return pd.concat(tables, ignore_index=True)


def correlations(attributions: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Correlate value and contribution of the numeric features (Pearson).

    Values are taken as the surrogate sees them, counts, sizes and rates on a logarithmic scale:
    between 1e-5 and 1e-3 the step to 1e-4 would vanish otherwise.

    Parameters
    ----------
    attributions, history
        As for `by_value`.

    Returns
    -------
    pandas.DataFrame
        Columns ``feature``, ``pearson_r`` in [-1, 1], ``n`` (trials that have a value);
        ``pearson_r`` is missing where value or contribution never changes.
    """
    trials = trials_of(attributions, history)
    rows = []
    for feature in numeric_features():
        values = as_seen(feature, trials[feature]).astype(float)
        known = values.notna()
        r = _pearson(values[known], attributions.loc[known, feature])
        rows.append({"feature": feature, "pearson_r": r, "n": int(known.sum())})
    return pd.DataFrame(rows)


def top_features(attributions: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Name the three features that contribute most to each trial's prediction.

    Parameters
    ----------
    attributions, history
        As for `by_value`.

    Returns
    -------
    pandas.DataFrame
        Three rows a trial: ``trial_id``, ``rank`` (1 = largest absolute contribution),
        ``feature``, ``value`` (text), ``contribution``. Hyperparameters and meta-features alike;
        equal ones in the surrogate's order.
    """
    trials = trials_of(attributions, history)
    texts = np.column_stack([readable_values(name, trials[name]) for name in surrogate_features()])
    contributions = attributions[list(surrogate_features())].to_numpy()
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :N_TOP]
    return pd.DataFrame(
        {
            "trial_id": np.repeat(attributions["trial_id"].to_numpy(), N_TOP),
            "rank": np.tile(np.arange(1, N_TOP + 1), len(attributions)),
            "feature": np.array(surrogate_features())[order].ravel(),
            "value": np.take_along_axis(texts, order, axis=1).ravel(),
            "contribution": np.take_along_axis(contributions, order, axis=1).ravel(),
        }
    ).astype({"trial_id": "str", "feature": "str", "value": "str"})


def trials_of(attributions: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of the attributions, in their order and on their index.

    Raises
    ------
    ArtifactError
        If the history lacks one of them.
    """
    trials = history.set_index("trial_id", drop=False)
    missing = attributions.loc[~attributions["trial_id"].isin(trials.index), "trial_id"]
    if len(missing):
        raise ArtifactError(
            f"{len(missing)} trials of the attributions are not in the history, the first is"
            f" '{missing.iloc[0]}'; they were made from another version of it. Make them again"
            " with: kedro run --pipelines=explainability"
        )
    found = trials.loc[attributions["trial_id"]].set_axis(attributions.index)
    # Where nobody probed, features by probes have no column.
    return found.assign(**{name: np.nan for name in surrogate_features() if name not in found})


def _of_feature(name: str, contributions: pd.Series, values: pd.Series) -> pd.DataFrame:
    known = values.dropna()
    table = pd.DataFrame(
        {
            "value": binned_values(name, known),
            "contribution": contributions.loc[known.index],
            "order": _order(name, known),
        }
    )
    means = table.groupby("value").agg(
        order=("order", "min"),
        mean_contribution=("contribution", "mean"),
        n_trials=("contribution", "size"),
    )
    means = means.sort_values("order").reset_index().drop(columns="order")
    means.insert(0, "feature", name)
    return means.astype({"feature": "str", "value": "str"})


def _order(name: str, values: pd.Series) -> pd.Series:
    """Put words that have an order in it; all others are their own."""
    declared = hyperparameters().get(name)
    if declared is None or declared.kind != "ordered":
        return values
    return values.map({word: rank for rank, word in enumerate(declared.ranks)})


def _pearson(values: pd.Series, contributions: pd.Series) -> float:
    if values.nunique() < 2 or contributions.nunique() < 2:
        return float("nan")
    return float(np.corrcoef(values, contributions)[0, 1])
