from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, Hyperparameter, configuration_columns, used
from metallmix_kedro.evaluation.methods.bayesian import by_gaussian_process, encode
from metallmix_kedro.surrogate import expected_improvement


def numbers(**values) -> tuple[Declaration, pd.DataFrame]:
    """Declare hyperparameters that are numbers, and place each of their values."""
    declared = {
        name: Hyperparameter(values=tuple(listed), **told)
        for name, (listed, told) in values.items()
    }
    declaration = Declaration(hyperparameters=declared, meta_features={})
    return declaration, pd.DataFrame({name: listed for name, (listed, _) in values.items()})


def test_each_hyperparameter_is_one_wide_and_two_words_are_one_apart(task):
    points = encode(task.candidates)
    assert points.min() == 0
    assert points.max() == 1
    same = task.candidates[[*configuration_columns()]].drop(columns="backbone")
    pairs = [
        (one, other)
        for one in same.index
        for other in same.index[one + 1 :]
        if same.loc[one].equals(same.loc[other])
    ]
    assert all(np.linalg.norm(points[i] - points[j]) == pytest.approx(1) for i, j in pairs)


def test_rates_and_counts_are_on_a_logarithmic_scale_and_what_may_be_0_is_not():
    declaration, frame = numbers(
        rate=((1e-1, 1e-2, 1e-3), {"kind": "log_number"}),
        batch=((16, 32, 64), {"kind": "whole_number", "minimum": 1}),
        units=((0, 512, 1024), {"kind": "whole_number", "minimum": 0}),
        penalty=((0.0, 9.0, 99.0), {"kind": "number", "scale": "log_1p"}),
        share=((0.0, 0.5, 1.0), {"kind": "number"}),
    )
    with used(declaration):
        points = encode(frame)
    expected = np.array([[1, 0, 0, 0, 0], [0.5] * 5, [0, 1, 1, 1, 1]])
    assert points == pytest.approx(expected)


def test_what_is_unknown_counts_as_the_middle():
    declaration, frame = numbers(rate=((1e-1, 1e-2, 1e-3), {"kind": "log_number"}))
    with used(declaration):
        points = encode(pd.concat([frame, pd.DataFrame({"rate": [None]})], ignore_index=True))
    assert points[:, 0] == pytest.approx([1, 0.5, 0, 0.5])


def test_equal_scores_are_no_obstacle(task):
    flat = replace(task, reveal=lambda _: 0.4)
    picks = by_gaussian_process(flat, np.random.default_rng(2), 8)
    assert len(set(picks)) == 8


def test_more_is_expected_where_more_is_predicted_or_less_is_known():
    mean, std = np.array([0.5, 0.6, 0.5, 0.1]), np.array([0.1, 0.1, 0.2, 0.0])
    expected = expected_improvement(mean, std, 0.5)
    assert expected[0] < min(expected[1], expected[2])
    assert expected[3] == 0
