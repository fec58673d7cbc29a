import io
from itertools import pairwise

import pytest

from metallmix_kedro.evaluation.methods.methods import METHODS
from metallmix_kedro.evaluation.pages.pictures import STYLES, draw_anytime, draw_regrets
from metallmix_kedro.evaluation.pages.report import evaluation_report
from metallmix_kedro.evaluation.statistics.summary import dataset_table, method_table


@pytest.fixture(scope="module")
def tables(comparison, settings):
    report = evaluation_report(comparison, settings.evaluation)
    return method_table(comparison, settings.evaluation), dataset_table(comparison), report


def png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def test_every_method_has_a_style_of_its_own():
    assert set(STYLES) == set(METHODS)
    markers = [marker for _, marker in STYLES.values()]
    assert len(set(markers)) == len(markers)


def test_regrets_are_drawn_best_first(tables):
    table, datasets, report = tables
    axes = draw_regrets(table, datasets, report).axes[0]
    labels = [label.get_text().split("\n")[0] for label in axes.get_yticklabels()]
    assert labels == table["label"].tolist()
    assert axes.yaxis_inverted()


def test_anytime_draws_searches_as_curves_and_first_picks_as_named_lines(tables, comparison):
    table, _, report = tables
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


def test_same_figures_same_bytes(tables):
    table, datasets, report = tables
    assert png(draw_regrets(table, datasets, report)) == png(draw_regrets(table, datasets, report))
