from dataclasses import replace

import numpy as np
import pytest

from metallmix_kedro.evaluation.methods.averages import known_averages
from metallmix_kedro.evaluation.pages.uncertainty_picture import draw_uncertainty
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.statistics.uncertainty import (
    TARGET_COLUMNS,
    chance_table,
    stated_chances,
    target_errors,
    uncertainty_report,
)
from metallmix_kedro.history import History
from tests.unit.evaluation.made_comparison import chances, targets


@pytest.fixture(scope="module")
def table(shared_history):
    return replay_tables(History(shared_history), "measured", 5)[0][0]


def test_chances_are_stated_of_all_candidates_but_the_average_one(task, table):
    probed = replace(task, candidates=task.candidates.assign(backbone_logme=0.0))
    stated = stated_chances(probed, table)
    assert set(stated["probes"]) == {"none", "all"}
    assert len(stated) == 2 * (len(table.scores) - 1)
    assert stated["chance"].between(0, 1).all()
    best = int(known_averages(task).index[0])
    others = np.arange(len(table.scores)) != best
    beats = (table.scores > table.scores[best])[others]
    assert stated["beats"].tolist() == [*beats, *beats]
    chances = task.outlook().chance_to_beat(best)[others]
    assert stated.loc[stated["probes"] == "none", "chance"].tolist() == chances.tolist()


def test_a_target_is_judged_by_all_its_trials(task, table):
    errors = target_errors("leave_one_dataset_out", task, table)
    assert tuple(errors) == TARGET_COLUMNS
    predicted = task.predicted()
    assert errors["mean_error"] == pytest.approx(
        np.abs(1 - table.regrets - predicted["relative_score"]).mean()
    )
    assert errors["mean_score_error"] == pytest.approx(
        np.abs(table.scores - predicted["score"]).mean()
    )
    assert errors["outside"] in (True, False)
    assert errors["distance"] > 0


def test_chances_fall_into_bins_that_hold_them():
    binned = chance_table(chances())
    assert binned["n_trials"].tolist() == [10, 10]
    assert binned["mean_chance"].tolist() == pytest.approx([0.04, 0.3])
    assert binned["share_true"].tolist() == pytest.approx([0.0, 0.3])
    assert binned["chance_from"].tolist() == [0.0, 0.3]
    assert binned["chance_to"].tolist() == [0.05, 0.4]


def test_certainty_is_in_the_last_bin():
    certain = chances().assign(chance=1.0)
    assert chance_table(certain)["chance_to"].tolist() == [1.0]


def test_the_report_compares_with_one_who_states_the_share():
    stated = uncertainty_report(chances(), targets())["chance_to_beat_best_on_average"]["none"]
    assert stated["n_trials"] == 20
    assert stated["brier_score"] == pytest.approx((10 * 0.04**2 + 3 * 0.49 + 7 * 0.09) / 20)
    assert stated["brier_score_of_the_share"] == pytest.approx(0.15 * 0.85)


def test_flagged_targets_are_set_beside_the_others():
    outside = uncertainty_report(chances(), targets())["outside_the_history"]
    main = outside["leave_one_dataset_out"]
    assert main["flagged"]["n_datasets"], main["not_flagged"]["n_datasets"] == (1, 7)
    assert main["flagged"]["mean_error"] == pytest.approx(0.2)
    assert main["not_flagged"]["mean_error"] == pytest.approx(0.1)
    assert main["flagged_datasets"] == ["d7"]


def test_the_picture_has_a_line_of_chances_and_a_dot_a_target():
    left, right = draw_uncertainty(chance_table(chances()), targets()).axes
    assert left.lines[1].get_xdata().tolist() == pytest.approx([0.04, 0.3])
    assert [len(dots.get_offsets()) for dots in right.collections] == [7, 1]
