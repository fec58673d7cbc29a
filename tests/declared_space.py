"""The hyperparameters and meta-features that conf/base declares, in force without a Kedro run."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from metallmix_kedro import declared

PARAMETERS = Path(__file__).parents[1] / "conf/base/parameters"


@cache
def base_parameters() -> dict[str, Any]:
    """Read ``search_space`` and ``meta_features`` of conf/base."""
    found: dict[str, Any] = {}
    for name in ("search_space", "meta_features"):
        found |= yaml.safe_load((PARAMETERS / f"{name}.yml").read_text())
    return found


@cache
def _base() -> declared.Declaration:
    return declared.Declaration.from_parameters(base_parameters())


def declare_base() -> None:
    """Put what conf/base declares in force."""
    declared.use(_base())
