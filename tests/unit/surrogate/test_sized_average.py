"""What a configuration is worth on average, by how many images train it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.surrogate.averages.average import distinct, level_codes
from metallmix_kedro.surrogate.averages.average_fit import AverageTable, fit_averages
from metallmix_kedro.surrogate.averages.sized_average import SizedAverage, size_shares
from tests.fabricated import SPACE

SIZES = (100.0, 1000.0)
FEW, MANY = "feature_extraction", "full"


def trials(n_datasets: int = 3) -> pd.DataFrame:
    """On 100 images training all layers is bad, on 1,000 it is good."""
    grid = SPACE.frame()
    better = grid["strategy"].map({FEW: -0.2, "last_10": 0.0, "last_30": 0.0, MANY: 0.2})
    parts = [
        grid.assign(dataset=f"d{n}", n_train=size, relative_score=0.5 + sign * better)
        for n in range(n_datasets)
        for size, sign in zip(SIZES, (-1, 1), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def fit(table: pd.DataFrame, sizes: tuple[float, ...] = SIZES, **options: float) -> SizedAverage:
    return fit_averages(table, np.ones(len(table)), (), 1e-6, sizes=sizes, **options)[0]


def by_size(average: SizedAverage, strategy: str, n_train: list[float]) -> np.ndarray:
    one = SPACE.frame().query("strategy == @strategy").head(1)
    rows = one.loc[one.index.repeat(len(n_train))]
    return average.predict(rows.assign(n_train=n_train))


@given(
    st.lists(st.floats(1, 1e7) | st.just(np.nan), max_size=20),
    st.lists(st.floats(1, 1e6), min_size=1, max_size=5, unique_by=lambda size: round(size, 1)),
)
def test_a_trial_belongs_to_the_sizes_on_either_side_of_it(
    n_train: list[float], sizes: list[float]
) -> None:
    sizes, images = sorted(sizes), np.array(n_train)
    shares = size_shares(images, sizes)
    assert shares.shape == (len(sizes), len(images))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.sum(axis=0) == pytest.approx(np.where(np.isnan(images), 0.0, 1.0))
    assert ((shares > 0).sum(axis=0) <= 2).all()
    # Between the first and the last size they are what interpolates the logarithm.
    inside = (images >= sizes[0]) & (images <= sizes[-1])
    weighed = np.log(sizes) @ shares[:, inside]
    assert weighed == pytest.approx(np.log(images[inside]), abs=1e-6)
    assert (shares[0, images < sizes[0]] == 1).all()
    assert (shares[-1, images > sizes[-1]] == 1).all()


def test_without_sizes_nothing_is_shared() -> None:
    assert size_shares(np.array([10.0, np.nan]), ()).shape == (0, 2)


def test_what_is_good_depends_on_how_many_images_train() -> None:
    average = fit(trials())
    assert by_size(average, MANY, [100, 1000]) == pytest.approx([0.3, 0.7], abs=1e-3)
    assert by_size(average, FEW, [100, 1000]) == pytest.approx([0.7, 0.3], abs=1e-3)
    # On the logarithm between them, as the nearest beyond them, and the mean of both if unknown.
    middle, below, above, unknown = by_size(average, MANY, [10**2.5, 10, 50_000, np.nan])
    assert (middle, below, above) == pytest.approx((0.5, 0.3, 0.7), abs=1e-3)
    assert unknown == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    "table", [trials().drop(columns="n_train"), trials().assign(n_train=np.nan)]
)
def test_where_no_size_is_known_the_average_is_that_of_all_sizes(table: pd.DataFrame) -> None:
    average = fit(table)
    assert (average.sizes, average.corrections) == ((), ())
    assert average == fit(trials(), sizes=())
    sized = table.assign(n_train=100.0)
    assert np.array_equal(average.predict(sized), average.overall.predict(table))


def test_a_size_without_trials_corrects_nothing() -> None:
    average = fit(trials().query("n_train == 100"), sizes=(100.0, 350.0, 1200.0))
    asked = by_size(average, MANY, [100, 350, 1200, np.nan])
    assert asked == pytest.approx(np.full(4, 0.3), abs=1e-3)


def test_contributions_sum_to_the_average_at_each_size() -> None:
    table = trials()
    table["relative_score"] += np.random.default_rng(0).normal(0, 0.1, len(table))
    average = fit(table, own_penalty=2.0)
    asked = table.assign(n_train=np.geomspace(20, 5000, len(table)))
    base, shares = average.contributions(asked)
    assert base.shape == (len(asked),)
    assert shares.sum(axis=1).to_numpy() + base == pytest.approx(average.predict(asked))
    full = (asked["strategy"] == MANY).to_numpy()
    strategy = shares["strategy"].to_numpy()
    assert strategy[full & (asked["n_train"] < 150)].mean() < -0.1
    assert strategy[full & (asked["n_train"] > 700)].mean() > 0.1


def test_what_is_stored_is_what_trials_were_given() -> None:
    table = trials()
    table.loc[::7, "n_train"] = np.nan
    made = AverageTable(table, np.ones(len(table)), 3.0, 2.0, sizes=SIZES)
    unique, owner = distinct(level_codes(table, made.levels), made.levels, len(table))
    used = made.without(frozenset()).at(unique, owner, table["n_train"].to_numpy())
    stored = made.without(frozenset()).stored()
    assert stored.predict(table) == pytest.approx(used)
    assert SizedAverage.model_validate_json(stored.model_dump_json()) == stored


def test_a_dataset_left_out_reaches_no_size() -> None:
    left_out = frozenset({"d1"})
    clean = trials()
    marked = clean.assign(
        relative_score=clean["relative_score"].where(clean["dataset"] != "d1", 123.0)
    )
    found = [
        fit_averages(table, np.ones(len(table)), [left_out], 1.0, sizes=SIZES)[1][left_out]
        for table in (clean, marked)
    ]
    assert found[0] == found[1]
