"""Pictures of the SHAP values: the summary plot and the paper's Figure 8."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metallmix_kedro.attribution.parameters import ExplainabilityParameters
from metallmix_kedro.attribution.tables import trials_of
from metallmix_kedro.attribution.text import words_of
from metallmix_kedro.declared import configuration_columns, hyperparameters, network
from metallmix_kedro.support import Axes, Figure, heat_map, new_figure, require
from metallmix_kedro.surrogate import BASE_VALUE, as_seen, surrogate_features

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

N_DRAWN = 12
"""Features in the summary picture."""

MAX_POINTS = 3000
"""Trials drawn at most, sampled at random."""

X_LABEL = "contribution to the predicted relative score (SHAP value)"


def plot_summary(
    attributions: pd.DataFrame, history: pd.DataFrame, parameters: ExplainabilityParameters
) -> Figure:
    """Draw the contributions of the strongest features, a point a trial (shap's beeswarm).

    Parameters
    ----------
    attributions : pandas.DataFrame
        From `metallmix_kedro.attribution.trials.attribute_trials`.
    history : pandas.DataFrame
        The history they were made from; numbers are coloured on the surrogate's scale.
    parameters : ExplainabilityParameters
        The seed.

    Returns
    -------
    matplotlib.figure.Figure
        Features without an order (backbone, optimizer, modality) are grey.

    Raises
    ------
    MissingExtraError
        If shap or matplotlib is not installed.
    """
    shap = require("shap", "learn")
    shown = _sample(attributions, parameters)
    trials = trials_of(shown, history)
    explanation = shap.Explanation(
        values=shown[list(surrogate_features())].to_numpy(),
        base_values=shown[BASE_VALUE].to_numpy(),
        data=pd.DataFrame({name: as_seen(name, trials[name]) for name in surrogate_features()}),
        feature_names=[words_of(name) for name in surrogate_features()],
    )
    figure = new_figure(10, 1.8 + 0.4 * N_DRAWN)
    axes = figure.add_subplot()
    with _seeded(parameters.seed):
        shap.plots.beeswarm(
            explanation,
            max_display=N_DRAWN,
            group_remaining_features=False,
            color=_viridis(),
            color_bar_label="value (grey: without order)",
            ax=axes,
            show=False,
            plot_size=None,
        )
    axes.set_xlabel(X_LABEL)
    axes.set_title(_title("The strongest features", shown, attributions))
    return figure


def plot_backbones(
    attributions: pd.DataFrame, history: pd.DataFrame, parameters: ExplainabilityParameters
) -> Figure:
    """Draw how the backbone contributes to the predicted score (paper, Figure 8).

    The paper shows one dataset; here are all: the distribution over trials, and the mean on each
    dataset, since a backbone that helps on one may harm on another.

    Parameters
    ----------
    attributions, history, parameters
        As for `plot_summary`.

    Returns
    -------
    matplotlib.figure.Figure
        Left a box and points a backbone, the most helpful on top; right its mean by dataset.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    feature = network() or configuration_columns()[0]
    backbones = trials_of(attributions, history)[feature].astype("str")
    contributions = attributions[feature]
    means = contributions.groupby([backbones, attributions["dataset"]]).mean().unstack()
    order = contributions.groupby(backbones).mean().sort_values(kind="stable").index
    figure = new_figure(8 + 0.62 * means.shape[1], 2.6 + 0.5 * len(order))
    left, right = figure.subplots(1, 2, width_ratios=(6, 1.5 + 0.62 * means.shape[1]))
    groups = [contributions[backbones == name] for name in order]
    left.boxplot(
        groups,
        orientation="horizontal",
        widths=0.6,
        showfliers=False,
        medianprops={"color": "black", "linewidth": 2},
        zorder=3,
    )
    left.set_yticks(range(1, len(order) + 1), order)
    shown = _sample(attributions, parameters)
    heights = backbones.loc[shown.index].map({name: at for at, name in enumerate(order, start=1)})
    jitter = np.random.default_rng(parameters.seed).uniform(-0.22, 0.22, len(shown))
    left.scatter(shown[feature], heights + jitter, s=9, alpha=0.45, color="#0072B2", zorder=2)
    left.axvline(0, color="grey", linewidth=1)
    left.set_xlabel(X_LABEL)
    left.set_title(_title(f"By {hyperparameters()[feature].words}", shown, attributions))
    _draw_means(right, means.loc[order])
    return figure


def _draw_means(axes: Axes, means: pd.DataFrame) -> None:
    limit = max(float(np.nanmax(np.abs(means))), 1e-9)
    # Purple to orange keeps its two sides apart for colour-blind eyes.
    style: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit, "aspect": "auto"}
    image = heat_map(axes, means, "+z.2f", **style, origin="lower")
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
    axes.set_yticks([])
    axes.set_title("Mean by dataset")


def _sample(attributions: pd.DataFrame, parameters: ExplainabilityParameters) -> pd.DataFrame:
    if len(attributions) <= MAX_POINTS:
        return attributions
    return attributions.sample(MAX_POINTS, random_state=parameters.seed).sort_index()


def _title(what: str, shown: pd.DataFrame, attributions: pd.DataFrame) -> str:
    part = "" if len(shown) == len(attributions) else f"{len(shown):,} of "
    datasets = attributions["dataset"].nunique()
    return f"{what}: {part}{len(attributions):,} trials on {datasets} datasets"


def _viridis() -> "Colormap":
    """Return a colour map that reads the same to colour-blind eyes.

    As interpolated colours: shap mistakes a listed map for a list of one colour a point.
    """
    listed = require("matplotlib", "learn").colormaps["viridis"].colors
    interpolated = require("matplotlib.colors", "learn").LinearSegmentedColormap
    colours: Colormap = interpolated.from_list("viridis", listed)
    return colours


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which the beeswarm scatters by, and put it back."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
