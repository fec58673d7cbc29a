import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.surrogate.uncertainty.spread import Spread
from tests.fabricated import SPACE

N_DATASETS = 60


def differing(by: str, deviation: float, own: float) -> pd.DataFrame:
    """Trials of the same configurations on all datasets, which like other values of one of them."""
    grid, parts = SPACE.frame().sample(n=60, random_state=0), []
    for number in range(N_DATASETS):
        rng = np.random.default_rng(number)
        liked = {value: rng.normal(0, deviation) for value in SPACE.values(by)}
        score = 0.5 + grid[by].map(liked) + rng.normal(0, own, len(grid))
        parts.append(grid.assign(dataset=f"d{number:02d}", relative_score=score))
    return pd.concat(parts, ignore_index=True).assign(source="measured")


@pytest.mark.parametrize("by", ["backbone", "optimizer"])
def test_what_datasets_differ_in_is_found(by: str) -> None:
    found = Spread.fit(differing(by, 0.2, 0.1))
    assert found.shared[by] == pytest.approx(0.2**2, rel=0.5)
    assert found.own == pytest.approx(0.1**2, rel=0.2)
    rest = [variance for name, variance in found.shared.items() if name != by]
    assert max(rest) < 0.1 * found.shared[by]


def test_where_datasets_agree_only_the_trials_own_is_left() -> None:
    found = Spread.fit(differing("backbone", 0.0, 0.1))
    assert max(found.shared.values()) < 0.001
    assert found.own == pytest.approx(0.1**2, rel=0.2)


def test_where_nothing_was_tried_twice_there_is_a_spread_all_the_same() -> None:
    table = differing("backbone", 0.1, 0.1).iloc[::61].drop_duplicates([*configuration_columns()])
    assert sum(Spread.fit(table).shared.values()) + Spread.fit(table).own > 0


def test_loadings_make_the_covariances() -> None:
    shared = dict.fromkeys(configuration_columns(), 0.0) | {"backbone": 0.04, "optimizer": 0.01}
    frame = SPACE.frame().sample(n=20, random_state=1).reset_index(drop=True)
    frame.loc[0, "backbone"] = None
    loadings = Spread(shared=shared, own=0.1).loadings(frame)
    alike = [np.equal.outer(frame[name].to_numpy(), frame[name].to_numpy()) for name in shared]
    expected = sum(v * same for v, same in zip(shared.values(), alike, strict=True))
    expected[0, 0] = 0.01  # what is missing is like nothing, not even itself
    assert loadings.T @ loadings == pytest.approx(expected)
