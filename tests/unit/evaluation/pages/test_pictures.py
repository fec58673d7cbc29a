import io
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.pages.anytime_picture import draw_anytime
from metallmix_kedro.evaluation.pages.pictures import draw_comparison, draw_regrets
from metallmix_kedro.evaluation.pages.protocol_pictures import draw_first_and_five, draw_protocols
from metallmix_kedro.evaluation.pages.report import evaluation_report
from metallmix_kedro.evaluation.pages.styles import STYLES, in_style_order
from metallmix_kedro.evaluation.statistics.summary import method_table, protocol_table
from metallmix_kedro.judging.pictures import PANELS, draw_llms

OUTCOMES = Path(__file__).parents[4] / "data" / "01_raw" / "published_outcomes.csv"


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
    markers = [marker for _, marker in STYLES.values()]
    assert len(set(markers)) == len(markers)


def test_methods_are_in_the_order_of_their_styles_and_unknown_ones_last():
    table = pd.DataFrame({"method": ["mine", "random_pick", "surrogate"]})
    assert in_style_order(table) == ["surrogate", "random_pick", "mine"]


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


def test_anytime_draws_searches_as_curves_and_first_picks_as_named_lines(tables, comparison):
    table, report = tables
    axes = draw_anytime(comparison.anytime, report, table).axes[0]
    points = {line.get_label(): len(line.get_xdata()) for line in axes.get_lines()}
    assert points["Random search"] == points["Bayesian optimisation"] == 8
    assert points["Best of the short list"] == 5
    named = [text.get_text().split(" (")[0] for text in axes.texts]
    free = table[(table["n_trials"] == 0) & (table["method"] != "random_pick")]
    assert sorted(named) == sorted(free["label"])
    heights = [text.get_position()[1] for text in axes.texts]
    gaps = [after - before for before, after in pairwise(heights)]
    assert min(gaps) > 0


def test_first_pick_and_best_of_five_are_drawn_by_the_five(tables):
    table, _ = tables
    axes = draw_first_and_five(table).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    shown = table[table["label"].isin(labels)].set_index("label")
    assert shown.loc[labels, "mean_regret_of_five"].is_monotonic_increasing
    assert "Bayesian optimisation" not in labels
    assert len(labels) == (table["n_trials"] == 0).sum() + 1


def test_protocols_are_panels_over_one_order_of_methods(tables, comparison, settings):
    _, report = tables
    protocols = protocol_table(comparison, settings.evaluation)
    figure = draw_protocols(protocols, report)
    titles = [axes.get_title().split("\n")[0] for axes in figure.axes]
    assert titles == [
        "Dataset left out", "Its whole modality left out", "A backbone left out as well"
    ]  # fmt: skip
    main = protocols[protocols["protocol"] == "leave_one_dataset_out"]
    ticks = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ticks == main["label"].tolist()


def test_what_cannot_be_drawn_says_so(tables):
    table, report = tables
    for figure in (
        draw_first_and_five(table[table["method"] == "random_search"]),
        draw_protocols(pd.DataFrame(columns=["protocol"]), report),
    ):
        assert figure.axes[0].texts[0].get_text().endswith(".")


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
