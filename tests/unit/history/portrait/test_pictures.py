import io

import pytest
from matplotlib.image import imread

from metallmix_kedro.history.portrait.pictures import (
    plot_importance,
    plot_similarity,
    plot_winners,
)
from metallmix_kedro.history.portrait.summary import summarise_history
from tests.fabricated import fabricate_history
from tests.made_history import made_history


@pytest.fixture(scope="module")
def history():
    made = fabricate_history(n_datasets=4, n_trials=120)
    made["validation_accuracy"] = made["test_accuracy"]
    return made


@pytest.fixture(scope="module")
def summary(history):
    return summarise_history(history)


def drawn(figure):
    """Render a figure and check that there is something on it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=60)
    buffer.seek(0)
    assert imread(buffer)[..., :3].std() > 0.02
    return figure


def texts(axes):
    return [text.get_text() for text in axes.texts]


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_winners_are_framed_and_all_names_there(summary):
    by_backbone, by_strategy, bar = drawn(plot_winners(summary)).axes
    assert sorted(labels(by_backbone.yaxis)) == sorted(summary["winners"])
    assert labels(by_backbone.xaxis) == sorted(summary["winners"]["fabricated_0"]["by_backbone"])
    assert labels(by_strategy.xaxis) == ["feature_extraction", "last_10", "last_30", "full"]
    assert len(by_backbone.patches) == 4  # a winner a dataset
    assert len(texts(by_backbone)) == 4 * 3
    assert by_backbone.get_title() == "By backbone"
    assert "below the best" in bar.get_ylabel()


def test_one_strategy_needs_no_panel():
    rows = [
        {"backbone": name, "strategy": "full", "dataset": dataset, "test_accuracy": 0.5}
        for name in ("a", "b") for dataset in ("d", "e")
    ]  # fmt: skip
    figure = drawn(plot_winners(summarise_history(made_history(rows))))
    assert len(figure.axes) == 2  # the panel and its colour bar
    assert len(figure.axes[0].patches) == 4  # a tie is won by both


def test_importance_has_a_bar_a_hyperparameter_and_a_point_a_dataset(summary):
    figure = drawn(plot_importance(summary))
    whole = figure.axes[0]
    assert labels(whole.yaxis)[::-1][:2] == ["backbone", "learning rate"]
    assert len(labels(whole.yaxis)) == 7
    assert [len(points.get_offsets()) for points in whole.collections] == [4] * 7
    assert whole.get_title() == "All trials (4 datasets)"
    assert "share of the variance" in figure.get_supxlabel()


def test_similarity_is_labelled_in_the_clustered_order(summary):
    axes = drawn(plot_similarity(summary)).axes[0]
    assert labels(axes.xaxis) == labels(axes.yaxis) == summary["similarity"]["order"]
    assert axes.get_xlabel()
    assert axes.get_ylabel()


def test_where_there_is_nothing_to_draw_the_picture_says_so():
    empty = summarise_history(made_history([]))
    for plot in (plot_winners, plot_importance, plot_similarity):
        (axes,) = plot(empty).axes
        assert "history holds" in texts(axes)[0]


def test_of_very_many_backbones_the_winners_are_drawn():
    rows = [
        {"backbone": f"b{number:02d}", "dataset": name, "trial_id": f"{name}{number}",
         "test_accuracy": 0.9 if number == winner else number / 100}
        for name, winner in (("a", 3), ("b", 5)) for number in range(40)
    ]  # fmt: skip
    axes = drawn(plot_winners(summarise_history(made_history(rows)))).axes[0]
    shown = labels(axes.xaxis)
    assert len(shown) == 20
    assert {"b03", "b05", "b39"} <= set(shown)
    assert len(axes.patches) == 2
    assert "20 of 40" in axes.get_xlabel()
