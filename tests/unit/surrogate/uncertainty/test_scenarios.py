import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.surrogate.uncertainty.scenarios import (
    DRAWS,
    MOST_SCENARIOS,
    Float32Array,
    Scenarios,
    draw_scores,
)
from tests.fabricated import SPACE


def errors(n_datasets: int) -> pd.DataFrame:
    """Dataset 0 likes sgd better than the others do."""
    grid = SPACE.frame()
    parts = []
    for number in range(n_datasets):
        shift = np.where(grid["optimizer"] == "sgd", 0.3 if number == 0 else -0.3, 0.0)
        noise = np.random.default_rng(number).normal(0, 0.05, len(grid))
        parts.append(grid.assign(dataset=f"d{number:02d}", relative_score=shift + noise))
    return pd.concat(parts, ignore_index=True)


def scores_of(made: Scenarios, seed: int = 1) -> Float32Array:
    """Draw scores of the whole grid, of which 0.5 is expected."""
    frame = SPACE.frame()
    expected = pd.Series(0.5, index=frame.index)
    return draw_scores(expected, made.differences_of(frame), made.noise_of(frame), seed)


def test_each_dataset_is_a_scenario_and_what_it_does_not_explain_is_noise() -> None:
    made = Scenarios.fit(errors(2))
    assert len(made.differences) == 2
    # Most of what a trial shows beyond what its values share is kept.
    assert 0.004 < made.noise < 0.02
    frame = SPACE.frame()
    is_sgd = (frame["optimizer"] == "sgd").to_numpy()
    scores = scores_of(made)
    assert scores.shape == (2 * DRAWS, SPACE.size)
    assert scores[:DRAWS, is_sgd].mean() == pytest.approx(0.8, abs=0.02)
    assert scores[DRAWS:, is_sgd].mean() == pytest.approx(0.2, abs=0.02)
    assert scores[:, ~is_sgd].mean() == pytest.approx(0.5, abs=0.02)


def test_the_noise_repeats_with_its_seed() -> None:
    made = Scenarios.fit(errors(2))
    first = scores_of(made, 1)
    assert np.array_equal(first, scores_of(made, 1))
    assert not np.array_equal(first, scores_of(made, 2))


def test_of_very_many_datasets_some_stand_for_all() -> None:
    table = pd.concat(
        [errors(1).head(4).assign(dataset=f"d{n}") for n in range(3 * MOST_SCENARIOS + 1)]
    )
    assert MOST_SCENARIOS / 2 < len(Scenarios.fit(table).differences) <= MOST_SCENARIOS


def test_what_was_not_tried_on_a_dataset_is_less_certain_there() -> None:
    table, frame = errors(2), SPACE.frame()
    tried = np.random.default_rng(0).random(SPACE.size) < 0.5
    made = Scenarios.fit(table[np.concatenate([np.ones(SPACE.size, dtype=bool), tried])])
    noise = made.noise_of(frame)
    assert noise[0] == pytest.approx(made.noise)
    assert noise[1, tried] == pytest.approx(made.noise)
    # All that smoothing leaves: five times what is left where four fifths were kept.
    assert noise[1, ~tried] == pytest.approx(5 * made.noise)
    scores = scores_of(made)[DRAWS:]
    assert scores[:, ~tried].std(axis=0).mean() > 3 * scores[:, tried].std(axis=0).mean()
