from dataclasses import replace

import numpy as np
import pandas as pd

from metallmix_kedro.declared import configuration_columns, numeric_meta_features
from metallmix_kedro.evaluation.methods.neighbours import by_three_neighbours, similarity_index
from metallmix_kedro.evaluation.protocols.knowledge import Knowledge
from metallmix_kedro.history.averages import configuration_means

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
        relative_score=1 - far["relative_score"],
        modality="none of them",
        **{name: far[name] * 1e4 for name in numeric_meta_features()},
    )


def test_of_four_datasets_the_three_nearest_are_averaged(task):
    with_far = pd.concat([task.training, far_away(task.training)], ignore_index=True)
    four = replace(task, knowledge=Knowledge(with_far, task.settings))
    expected = configuration_means(task.training)[KEYS].head(5)
    pd.testing.assert_frame_equal(chosen(four, 5), expected, check_dtype=False)


def test_a_configuration_of_one_of_the_three_alone_does_not_count(task):
    first = chosen(task).iloc[0]
    same = (task.training[KEYS] == first).all(axis=1)
    elsewhere = same & (task.training["dataset"] != "fabricated_1")
    rare = replace(task, knowledge=Knowledge(task.training[~elsewhere], task.settings))
    assert not (chosen(rare, 30) == first).all(axis=1).any()


def test_nothing_is_indexed_where_no_trial_can_be_shown(task, settings):
    assert similarity_index(task.training.assign(dense_units=np.nan), settings) is None
