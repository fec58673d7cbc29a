"""The SHAP summary in plain words, made from the tables (paper, section 2.2, Figure 3).

The paper had this written by hand with the help of a language model. Here every sentence is made
from a number that stands in it, so that there is nothing to check afterwards.
"""

import pandas as pd

from metallmix_kedro.attribution.parameters import ExplainabilityParameters
from metallmix_kedro.attribution.tables import trials_of
from metallmix_kedro.attribution.values import readable_values
from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.surrogate import BASE_VALUE, described_features, surrogate_features

CAVEAT = """\
A contribution explains the surrogate, not the world: it says what the model made of these trials.
It is no promise that changing one value changes a measured score by that much, and where features
go together in the history the model may give one the credit of the other. Meta-features differ
between datasets only, so whatever is said of them rests on {datasets}, not on {trials}."""


def summarise(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    by_value: pd.DataFrame,
    correlations: pd.DataFrame,
    parameters: ExplainabilityParameters,
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
    parameters : ExplainabilityParameters
        What counts as strong, clear and few.

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
    trials = _count(len(attributions), "trial")
    datasets = _count(attributions["dataset"].nunique(), "dataset")
    agreement = _sign_agreement(attributions, history, by_value)
    sections = [
        [
            f"What the surrogate makes of {trials} on {datasets}",
            "",
            "Contributions (SHAP values) are in units of the relative score: 0 is the worst trial",
            "of a dataset, 1 its best. On average over these trials the surrogate starts from",
            f"{attributions[BASE_VALUE].mean():.3f}.",
        ],
        ["Strongest features, by mean absolute contribution", *_strongest(strength, parameters)],
        [
            "Values of the hyperparameters, from the most helpful to the most harmful",
            *_values(strength, by_value, agreement, parameters),
        ],
        [
            "Directions of the numeric features (r: Pearson correlation of value and contribution)",
            *_directions(strength, correlations, parameters),
        ],
        [
            "How sure this is",
            *_certainty(attributions),
            CAVEAT.format(trials=trials, datasets=datasets),
        ],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _strongest(strength: pd.Series, parameters: ExplainabilityParameters) -> list[str]:
    strongest = strength.head(parameters.n_strongest)
    return [
        f"{rank}. {words_of(name)}: {value:.3f} ({_kind(name)})"
        for rank, (name, value) in enumerate(zip(strongest.index, strongest, strict=True), start=1)
    ]


def words_of(name: str) -> str:
    """Name a feature in the words it is declared with."""
    return described_features()[name].words or name.replace("_", " ")


def _kind(name: str) -> str:
    return "meta-feature" if name in meta_feature_columns() else "hyperparameter"


def _values(
    strength: pd.Series,
    by_value: pd.DataFrame,
    agreement: pd.Series,
    parameters: ExplainabilityParameters,
) -> list[str]:
    lines = []
    for name in (name for name in strength.index if name in configuration_columns()):
        rows = by_value[by_value["feature"] == name]
        lines.append(f"- {words_of(name)}:")
        for row in rows.sort_values(
            "mean_contribution", ascending=False, kind="stable"
        ).itertuples():
            few = "; few trials" if row.n_trials < parameters.few_trials else ""
            lines.append(
                f"  {row.value}: {_signed(row.mean_contribution)}"
                f" ({_count(row.n_trials, 'trial')}; {agreement.loc[(name, row.value)]}{few})"
            )
    return lines


def _directions(
    strength: pd.Series, correlations: pd.DataFrame, parameters: ExplainabilityParameters
) -> list[str]:
    r_of = correlations.set_index("feature")["pearson_r"].dropna()
    lines = []
    for name in (name for name in strength.index if name in r_of.index):
        r = r_of[name]
        direction = "no clear direction"
        if abs(r) >= parameters.clear_correlation:
            direction = f"higher values {'raise' if r > 0 else 'lower'} the prediction"
        lines.append(
            f"- {words_of(name)}: {direction} (r = {r:+.2f}, mean absolute contribution"
            f" {strength[name]:.3f})"
        )
    return lines or ["- no numeric feature takes more than one value"]


def _certainty(attributions: pd.DataFrame) -> list[str]:
    sizes = attributions["dataset"].value_counts()
    trials, datasets = _count(len(attributions), "trial"), _count(len(sizes), "dataset")
    span = (
        f"{sizes.min():,} to {sizes.max():,}" if sizes.min() < sizes.max() else f"{sizes.max():,}"
    )
    return [
        f"{trials} on {datasets}, {span} a dataset.",
        "The mean over all trials hides differences between datasets: behind each value stands on",
        "how many of the datasets that have it its mean contribution has the same sign.",
    ]


def _sign_agreement(
    attributions: pd.DataFrame, history: pd.DataFrame, by_value: pd.DataFrame
) -> pd.Series:
    """Say for each value of a hyperparameter on how many datasets the sign is that of its mean."""
    trials = trials_of(attributions, history)
    overall = by_value.set_index(["feature", "value"])["mean_contribution"]
    said = {}
    for name in configuration_columns():
        values = readable_values(name, trials[name])
        means = attributions[name].groupby([values, attributions["dataset"]]).mean()
        for value, of_datasets in means.groupby(level=0):
            same = int((of_datasets * overall.loc[(name, value)] > 0).sum())
            said[name, value] = f"same sign on {same} of {_count(len(of_datasets), 'dataset')}"
    return pd.Series(said)


def _signed(value: float) -> str:
    text = f"{value:+.3f}"
    return "0.000" if text in ("+0.000", "-0.000") else text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
