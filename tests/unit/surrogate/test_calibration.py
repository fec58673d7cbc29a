import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.surrogate.calibration import calibrate, half_width


def pooled(**residuals):
    values = [value for row in residuals.values() for value in row]
    owners = [name for name, row in residuals.items() for _ in row]
    return pd.Series(values, dtype=float), pd.Series(owners)


def test_the_quantile_of_ten_datasets_is_corrected_for_the_new_one():
    residuals, owners = pooled(**{f"d{number}": [number] for number in range(1, 21)})
    # 0.9 * 21 / 20 = 0.945: the 19th of 20 is the first that covers as much
    assert half_width(residuals, owners, 0.9) == 19


def test_with_too_few_datasets_the_quantile_is_the_plain_one():
    residuals, owners = pooled(a=range(1, 11), b=range(-10, 0))
    assert half_width(residuals, owners, 0.9) == 9


def test_a_large_dataset_weighs_as_much_as_a_small_one():
    small = {f"d{number}": [1.0] for number in range(10)}
    residuals, owners = pooled(**small, big=[0.0] * 10_000)
    assert half_width(residuals, owners, 0.5) == 1.0


def test_missing_residuals_do_not_count():
    residuals, owners = pooled(a=[0.1, np.nan], b=[0.2])
    assert half_width(residuals, owners, 0.9) == 0.2
    assert half_width(residuals.where(residuals > 1), owners, 0.9) is None


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=20), min_size=1, max_size=15),
    st.floats(0.5, 0.99),
)
def test_the_width_covers_the_share_of_the_calibration_trials(rows, level):
    residuals, owners = pooled(**{f"d{number}": row for number, row in enumerate(rows)})
    width = half_width(residuals, owners, level)
    covered = (residuals.abs() <= width).groupby(owners).mean().mean()
    assert covered >= level - 1e-6
    assert width in set(residuals.abs())


def test_datasets_with_levels_of_their_own_are_covered():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(200):
        levels = rng.normal(0, 1, 16)
        trials = levels[:, np.newaxis] + rng.normal(0, 0.2, (16, 30))
        residuals, owners = pooled(**{f"d{n}": row for n, row in enumerate(trials[1:])})
        inside.append(np.mean(np.abs(trials[0]) <= half_width(residuals, owners, 0.9)))
    assert 0.88 <= np.mean(inside) <= 1.0


@pytest.mark.parametrize(("n_datasets", "promised"), [(5, False), (8, False), (9, True)])
def test_the_guarantee_says_whether_there_are_enough_datasets(n_datasets, promised):
    table = pd.DataFrame(
        {
            "dataset": [f"d{number}" for number in range(n_datasets)],
            "relative_score": 0.1,
            "score": 0.2,
            "log_training_time": np.nan,
        }
    )
    calibration = calibrate(table, 0.9)
    assert ("too few" not in calibration.guarantee) is promised
    assert calibration.n_datasets == n_datasets
    assert calibration.log_training_time is None
