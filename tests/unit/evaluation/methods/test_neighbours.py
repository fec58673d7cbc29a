from dataclasses import replace

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, numeric_meta_features
from metallmix_kedro.evaluation.methods.neighbours import by_three_neighbours, similarity_index
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge
from metallmix_kedro.history import History

KEYS = list(configuration_columns())


def chosen(task, n_picks=1):
    picks = by_three_neighbours(task, np.random.default_rng(0), n_picks)
    return task.candidates.loc[picks, KEYS].reset_index(drop=True)


def far_away(training):
    """A dataset of other images where all is the other way round."""
    far = training[training["dataset"] == "fabricated_1"]
    return far.assign(
        dataset="far",
        trial_id="far-" + far["trial_id"],
        score=1 - far["score"],
        modality="none of them",
        **{name: far[name] * 1e4 for name in numeric_meta_features()},
    )


def test_of_four_datasets_the_three_nearest_are_averaged(task):
    with_far = pd.concat([task.training.table, far_away(task.training.table)], ignore_index=True)
    four = replace(task, knowledge=Knowledge(History(with_far), task.settings))
    expected = task.training.means[KEYS].head(5)
    pd.testing.assert_frame_equal(chosen(four, 5), expected, check_dtype=False)


def test_a_configuration_of_one_of_the_three_alone_does_not_count(task):
    first = chosen(task).iloc[0]
    known = task.training.table
    same = (known[KEYS] == first).all(axis=1)
    elsewhere = same & (known["dataset"] != "fabricated_1")
    rare = replace(task, knowledge=Knowledge(History(known[~elsewhere]), task.settings))
    assert not (chosen(rare, 30) == first).all(axis=1).any()


def test_nothing_is_indexed_where_no_trial_can_be_shown(task, settings):
    unknown = History(task.training.table.assign(dense_units=np.nan))
    assert similarity_index(unknown, settings) is None
