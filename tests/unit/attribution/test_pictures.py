"""The pictures show what they should, and always the same."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from metallmix_kedro.attribution import pictures
from metallmix_kedro.attribution.parameters import ExplainabilityParameters
from metallmix_kedro.attribution.pictures import plot_backbones, plot_summary
from metallmix_kedro.attribution.text import words_of
from metallmix_kedro.surrogate.encoding import surrogate_features
from tests.fabricated import BACKBONE_EFFECT


def png(figure: Figure) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, metadata={"Software": None}, dpi=50)
    return written.getvalue()


def test_summary_names_the_strongest_features_on_top(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    figure = plot_summary(attributions, history, ExplainabilityParameters())
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    strength = attributions[list(surrogate_features())].abs().mean().nlargest(pictures.N_DRAWN)
    assert labels[::-1] == [words_of(name) for name in strength.index]


def test_summary_repeats_and_leaves_numpys_generator_alone(
    attributions: pd.DataFrame,
    history: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "MAX_POINTS", 100)
    parameters = ExplainabilityParameters()
    np.random.seed(5)
    first = plot_summary(attributions, history, parameters)
    after = np.random.random()
    second = plot_summary(attributions, history, parameters)
    assert png(first) == png(second)
    np.random.seed(5)
    assert after == np.random.random()
    assert f"100 of {len(attributions)} trials on" in first.axes[0].get_title()


def test_backbones_stand_with_the_best_on_top(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    figure = plot_backbones(attributions, history, ExplainabilityParameters())
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == sorted(BACKBONE_EFFECT, key=BACKBONE_EFFECT.__getitem__)
    datasets = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert datasets == sorted(attributions["dataset"].unique())


@pytest.mark.parametrize("keep", [["fabricated_0"], ["fabricated_0", "fabricated_1"]])
def test_a_small_history_can_be_drawn(
    attributions: pd.DataFrame, history: pd.DataFrame, keep: list[str]
) -> None:
    few = attributions[attributions["dataset"].isin(keep)].reset_index(drop=True)
    one_backbone = history.assign(backbone="Xception")
    assert png(plot_backbones(few, one_backbone, ExplainabilityParameters()))
    assert png(plot_summary(few, history, ExplainabilityParameters()))
