import io
from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.evaluation.llm_pictures import PANELS, draw_llms
from metallmix_kedro.evaluation.methods import METHODS
from metallmix_kedro.evaluation.pictures import (
    STYLES,
    draw_anytime,
    draw_comparison,
    draw_regrets,
)
from metallmix_kedro.evaluation.report import evaluation_report
from metallmix_kedro.evaluation.summary import method_table

OUTCOMES = Path(__file__).parents[3] / "data" / "01_raw" / "published_outcomes.csv"


@pytest.fixture(scope="module")
def tables(comparison, settings):
    table = method_table(comparison, settings.evaluation)
    return table, evaluation_report(comparison, table, settings.evaluation)


def png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def test_every_method_has_a_style_of_its_own():
    assert set(STYLES) == set(METHODS)
    assert len(set(STYLES.values())) == len({marker for _, marker in STYLES.values()})


def test_comparison_shows_each_dataset_and_method(tables, comparison):
    table, report = tables
    figure = draw_comparison(report, table)
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "Test accuracy",
        "Training time (s)",
        "Search time (s)",
    ]
    ticks = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert ticks == list(comparison.n_recorded)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(legend) == sorted(table["label"])
    assert png(figure).startswith(b"\x89PNG")


def test_regrets_are_drawn_best_first(tables):
    table, report = tables
    axes = draw_regrets(report, table).axes[0]
    labels = [label.get_text().split("\n")[0] for label in axes.get_yticklabels()]
    assert labels == table["label"].tolist()
    assert axes.yaxis_inverted()


def test_anytime_draws_searches_as_curves_and_first_picks_as_lines(tables, comparison):
    table, report = tables
    axes = draw_anytime(comparison.anytime, report, table).axes[0]
    points = {line.get_label(): len(line.get_xdata()) for line in axes.get_lines()}
    assert points["Random search"] == points["Bayesian optimisation"] == 8
    assert points["Best of the short list"] == 5
    assert "Surrogate's pick (no trial)" in points
    assert "Random pick (no trial)" not in points


def test_pictures_of_one_method_and_without_times_can_be_drawn(tables):
    table, report = tables
    alone = table[table["method"] == "surrogate"]
    unknown = {**report["by_dataset"]}
    unknown["training_time_s"] = {
        name: dict.fromkeys(row) for name, row in report["by_dataset"]["training_time_s"].items()
    }
    assert png(draw_comparison({**report, "by_dataset": unknown}, alone)).startswith(b"\x89PNG")


def test_same_figures_same_bytes(tables):
    table, report = tables
    assert png(draw_regrets(report, table)) == png(draw_regrets(report, table))


def test_language_models_are_ordered_by_accuracy():
    outcomes = pd.read_csv(OUTCOMES)
    figure = draw_llms(outcomes)
    assert [axes.get_ylabel() for axes in figure.axes] == [label for _, label, _ in PANELS]
    shown = [label.get_text() for label in figure.axes[2].get_xticklabels()]
    means = outcomes.groupby("llm")["accuracy"].mean()
    assert len(shown) == 9
    assert means[shown].is_monotonic_decreasing
