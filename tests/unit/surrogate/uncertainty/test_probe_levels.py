import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.meta_features.probes.features import OWN, SMALLEST
from metallmix_kedro.surrogate.uncertainty.probe_levels import hide, hide_at_random, known_level


def frame(n: int = 4) -> pd.DataFrame:
    return pd.DataFrame({name: np.arange(n, dtype=float) for name in (*SMALLEST, *OWN, "other")})


@pytest.mark.parametrize("level", ["none", "smallest", "all"])
def test_what_is_hidden_is_no_longer_known(level: str) -> None:
    hidden = hide(frame(), level)
    assert known_level(hidden) == level
    assert hidden["other"].equals(frame()["other"])


def test_without_columns_nothing_is_known_or_hidden() -> None:
    bare = frame()[["other"]]
    assert known_level(bare) == "none"
    assert hide(bare, "none").equals(bare)
    assert hide_at_random(bare, 0).equals(bare)


def test_half_of_the_trials_show_all_and_a_quarter_nothing() -> None:
    shown = hide_at_random(frame(4000), 1)
    assert shown[list(OWN)].notna().all(axis=1).mean() == pytest.approx(0.5, abs=0.03)
    assert shown[list(SMALLEST)].isna().all(axis=1).mean() == pytest.approx(0.25, abs=0.03)
    assert shown.equals(hide_at_random(frame(4000), 1))
    assert not shown.equals(hide_at_random(frame(4000), 2))
