"""What conf/base ships, for benchmarks, which run without Kedro.

Whoever imports this has the hyperparameters and meta-features of conf/base in force.
"""

from pathlib import Path
from typing import Any

import yaml

from metallmix_kedro import declared
from metallmix_kedro.search_space import SearchSpace

CONF = Path(__file__).parents[1] / "conf/base/parameters"


def shipped_parameters(name: str) -> dict[str, Any]:
    """Read the parameters of a top-level key as the project ships them."""
    found: dict[str, Any] = yaml.safe_load((CONF / f"{name}.yml").read_text())[name]
    return found


def shipped_space() -> SearchSpace:
    """Read the search space as the project ships it."""
    return SearchSpace.model_validate(shipped_parameters("search_space"))


declared.use(
    declared.Declaration.from_parameters(
        {name: shipped_parameters(name) for name in ("search_space", "meta_features")}
    )
)
