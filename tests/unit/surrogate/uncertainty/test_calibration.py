import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metallmix_kedro.surrogate.uncertainty.calibration import calibrate, half_width


def pooled(**residuals):
    values = [value for row in residuals.values() for value in row]
    owners = [name for name, row in residuals.items() for _ in row]
    return pd.Series(values, dtype=float), pd.Series(owners)


def test_the_width_covers_the_share_of_each_dataset_by_the_others():
    residuals, owners = pooled(**{f"d{number}": [number] for number in range(1, 21)})
    # 18 of 20 are to be covered, the 18th by a width of the other 19: there, 19 is the 18th. So
    # 18/19 of the others suffice, and of all 20 that share is 18.
    assert half_width(residuals, owners, 0.9) == 18


def test_datasets_that_are_alike_need_the_plain_quantile():
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
def test_the_width_is_the_least_residual_that_covers_enough(rows, level):
    residuals, owners = pooled(**{f"d{number}": row for number, row in enumerate(rows)})
    width = half_width(residuals, owners, level)
    sizes = residuals.abs()
    assert width in set(sizes)
    if len(rows) == 1:
        assert (sizes <= width).mean() >= level - 1e-6
    assert half_width(residuals * 2, owners, level) == pytest.approx(2 * width)
    assert width <= half_width(residuals, owners, min(level + 0.1, 0.999))


def test_datasets_with_levels_of_their_own_are_covered():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(200):
        levels = rng.normal(0, 1, 16)
        trials = levels[:, np.newaxis] + rng.normal(0, 0.2, (16, 30))
        residuals, owners = pooled(**{f"d{n}": row for n, row in enumerate(trials[1:])})
        inside.append(np.mean(np.abs(trials[0]) <= half_width(residuals, owners, 0.9)))
    assert 0.87 <= np.mean(inside) <= 0.93


@pytest.mark.parametrize(("n_datasets", "said"), [(1, "single dataset"), (9, "other 8 datasets")])
def test_the_guarantee_says_what_it_rests_on(n_datasets, said):
    table = pd.DataFrame(
        {
            "dataset": [f"d{number}" for number in range(n_datasets)],
            "relative_score": 0.1,
            "score": 0.2,
            "log_training_time": np.nan,
        }
    )
    calibration = calibrate({"none": table, "all": table}, 0.9)
    assert said in calibration.guarantee
    assert calibration.n_datasets == n_datasets
    assert calibration.widths["none"]["log_training_time"] is None
    assert calibration.widths["all"]["score"] == 0.2


def table(scale: float) -> pd.DataFrame:
    sizes = scale * np.arange(1.0, 11.0)
    columns = dict.fromkeys(("relative_score", "score", "log_training_time"), sizes)
    return pd.DataFrame({"dataset": ["a", "b"] * 5, **columns})


def test_backbones_never_measured_have_intervals_of_their_own_and_never_narrower_ones():
    made = calibrate({"none": table(0.1)}, 0.9, {"none": table(0.2)})
    assert made.at("none", measured=False)["score"] > made.at("none")["score"]
    made = calibrate({"none": table(0.1)}, 0.9, {"none": table(0.05)})
    assert made.at("none", measured=False) == made.at("none")


def test_what_is_not_known_of_them_is_as_for_others():
    made = calibrate({"none": table(0.1), "all": table(0.05)}, 0.9)
    assert made.at("all", measured=False) == made.at("all")
    assert made.at("smallest") == made.at("none")


def plain_half_width(rows, level):
    """Return the half width as its definition says, sorting the others anew for each dataset."""

    def quantile(pool, share):
        pairs = sorted((abs(value), 1 / len(row)) for row in pool for value in row)
        below = np.cumsum([weight for _, weight in pairs]) / len(pool)
        return pairs[min(np.searchsorted(below, share - 1e-9), len(pairs) - 1)][0]

    for share in np.linspace(0, 1, 201):
        inside = []
        for number, own in enumerate(rows):
            others = rows[:number] + rows[number + 1 :] or [own]
            inside.append(np.mean(np.abs(own) <= quantile(others, share)))
        if np.mean(inside) >= level - 1e-9:
            return quantile(rows, share)
    return quantile(rows, 1.0)


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=6), min_size=1, max_size=5),
    st.sampled_from([0.5, 0.8, 0.9]),
)
def test_sorting_once_gives_the_width_of_the_definition(rows, level):
    residuals, owners = pooled(**{f"d{number}": row for number, row in enumerate(rows)})
    assert half_width(residuals, owners, level) == plain_half_width(rows, level)
