import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.history.averages import best_on_average, configuration_means
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.tried import Tried
from tests.fabricated import SPACE, fabricate_history


def history(scores):
    """Trials of the space's first configurations; `scores`: dataset -> score of each, or None."""
    grid = SPACE.frame()
    parts = [
        grid.iloc[[number for number, score in enumerate(row) if score is not None]].assign(
            dataset=name,
            source="measured",
            proposer="random",
            status="finished",
            score=[score for score in row if score is not None],
        )
        for name, row in scores.items()
    ]
    return pd.concat(parts, ignore_index=True)


def configuration(number):
    return tuple(SPACE.frame().iloc[number])


def best_of(history, space=SPACE):
    best = Tried.of(history).best(space)
    assert best is not None
    return best


def picked(history):
    return tuple(best_of(history).as_dict().values())


def test_the_highest_mean_over_datasets_wins():
    table = history({"a": [0.1, 0.9, 0.5], "b": [0.2, 0.3, 0.4], "c": [0.0, 0.8, 1.0]})
    # relative scores: (0, 1, .5), (0, .5, 1), (0, .8, 1): means 0, .767, .833
    assert picked(table) == configuration(2)
    assert configuration_means(table)["mean_relative_score"][0] == pytest.approx(2.5 / 3)


def test_a_configuration_of_one_dataset_alone_is_no_average():
    table = history({"a": [0.1, 0.5, 0.9], "b": [0.1, 0.5, None], "c": [0.1, 0.5, None]})
    assert picked(table) == configuration(1)


def test_the_rule_relaxes_to_the_most_widely_measured():
    table = history(
        {
            "a": [0.1, 0.9, None, None, None],
            "b": [0.1, None, 0.9, None, None],
            "c": [None, None, 0.1, 0.9, None],
            "d": [None, None, None, 0.1, 0.9],
            "e": [None, None, None, 0.1, 0.9],
        }
    )
    shown = table.query("dataset != 'e' or score == 0.9")
    means = configuration_means(shown).set_index(list(configuration_columns()))
    assert means.loc[picked(shown), "n_datasets"] == 2  # of five: nothing was measured on half


def test_only_allowed_backbones_are_picked():
    table = with_score(fabricate_history(4, 60), "accuracy")
    for backbone in SPACE.backbone:
        space = SPACE.model_copy(update={"backbone": (backbone,)})
        assert best_of(table, space).backbone == backbone


def test_a_dataset_counts_once_however_often_a_configuration_was_tried():
    once = history({"a": [0.0, 1.0, 0.4], "b": [0.0, 0.4, 1.0], "c": [0.0, 0.4, 1.0]})
    again = pd.concat([once, *[once.query("dataset == 'a'")] * 5], ignore_index=True)
    keys = [*configuration_columns(), "mean_relative_score", "n_datasets"]
    pd.testing.assert_frame_equal(configuration_means(once)[keys], configuration_means(again)[keys])
    assert configuration_means(again)["n_trials"].max() == 8


def test_published_trials_without_hyperparameters_take_no_part():
    table = with_score(fabricate_history(3, 20), "accuracy")
    published = table.head(5).assign(
        source="published", score=1.0, **dict.fromkeys(("strategy", "dropout"), np.nan)
    )
    joined = pd.concat([table, published], ignore_index=True)
    pd.testing.assert_frame_equal(configuration_means(joined), configuration_means(table))


def test_the_order_of_the_rows_does_not_matter():
    table = with_score(fabricate_history(5, 40), "accuracy")
    shuffled = table.sample(frac=1, random_state=3)
    assert best_of(shuffled) == best_of(table)


def test_imported_trials_are_compared_by_what_they_say():
    table = history({"a": [0.0, 1.0], "b": [0.2, 0.8]})
    unknown = dict.fromkeys(("strategy", "dense_units", "dropout", "optimizer"), np.nan)
    theirs = table.assign(source="imported", proposer="import:theirs", **unknown)
    theirs["backbone"] = ["slow", "fast"] * 2
    means = configuration_means(theirs)
    assert means["backbone"].tolist() == ["fast", "slow"]
    assert means["n_datasets"].tolist() == [2, 2]


def test_what_is_recommended_has_all_its_hyperparameters():
    table = history({"a": [0.0, 0.5], "b": [0.0, 0.5]})
    better = table.assign(
        source="imported", proposer="import:theirs", dropout=np.nan, dataset="c", score=1.0
    )
    joined = pd.concat([table, better], ignore_index=True)
    assert picked(joined) == configuration(1)


def test_the_best_on_average_was_measured_widely_or_as_widely_as_any():
    columns = ["mean_relative_score", "n_datasets"]
    means = pd.DataFrame([[1.0, 1], [0.7, 4], [0.9, 3], [0.9, 4], [np.nan, 0]], columns=columns)
    assert best_on_average(means.iloc[::-1], 6) == 1  # the first of equals
    assert best_on_average(means, 6) == 2
    assert best_on_average(means, 8) == 3
    assert best_on_average(means.iloc[:1], 8) == 0
    assert best_on_average(means.iloc[4:], 8) is None
