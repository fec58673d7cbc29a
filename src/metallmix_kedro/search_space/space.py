"""The search space as configuration, not code (paper, Table 1)."""

from collections.abc import Iterable
from itertools import product
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, field_validator

from metallmix_kedro.search_space.configuration import CONFIGURATION_COLUMNS, Configuration
from metallmix_kedro.support.errors import ParameterError
from metallmix_kedro.support.parameters import Parameters

Strategy = Literal["feature_extraction", "last_10", "last_30", "full"]
Optimizer = Literal["adam", "sgd", "rmsprop"]

STRATEGIES: tuple[Strategy, ...] = ("feature_extraction", "last_10", "last_30", "full")
"""Fine-tuning strategies, from the fewest trained layers to all."""


class SearchSpace(Parameters):
    """The values each of the seven hyperparameters may take; the space is their product.

    The paper's own space (7 backbones, Table 1) has 6,804 configurations.
    """

    backbone: Annotated[tuple[str, ...], Field(min_length=1)]
    strategy: Annotated[tuple[Strategy, ...], Field(min_length=1)]
    dense_units: Annotated[tuple[Annotated[int, Field(ge=1, le=65536)], ...], Field(min_length=1)]
    dropout: Annotated[tuple[Annotated[float, Field(ge=0, lt=1)], ...], Field(min_length=1)]
    optimizer: Annotated[tuple[Optimizer, ...], Field(min_length=1)]
    learning_rate: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)]
    batch_size: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1)]

    @field_validator("*")
    @classmethod
    def _no_value_twice(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) != len(values):
            raise ValueError("a value stands twice in the list")
        return values

    @property
    def size(self) -> int:
        """Number of configurations."""
        total = 1
        for column in CONFIGURATION_COLUMNS:
            total *= len(getattr(self, column))
        return total

    def frame(self) -> pd.DataFrame:
        """All configurations, one a row, in the order of the product.

        Returns
        -------
        pandas.DataFrame
            Shape (``size``, 7), columns `CONFIGURATION_COLUMNS`.
        """
        rows = product(*(getattr(self, column) for column in CONFIGURATION_COLUMNS))
        return pd.DataFrame.from_records(list(rows), columns=list(CONFIGURATION_COLUMNS))

    def __contains__(self, configuration: Configuration) -> bool:
        """Whether every value of the configuration stands in its list."""
        values = configuration.as_dict()
        return all(values[column] in getattr(self, column) for column in CONFIGURATION_COLUMNS)

    def restricted(
        self, backbones: Iterable[str], strategies: Iterable[Strategy] | None = None
    ) -> "SearchSpace":
        """Return the part of the space that uses only the given backbones and strategies.

        Raises
        ------
        ParameterError
            If a name is not in the space, or none is given. Without strategies all are kept.
        """
        wanted = tuple(dict.fromkeys(backbones))
        unknown = [name for name in wanted if name not in self.backbone]
        if unknown or not wanted:
            raise ParameterError(
                f"Backbones {unknown or '(none given)'} are not in the search space; "
                f"it has {', '.join(self.backbone)} (parameter search_space.backbone)."
            )
        kept = self.strategy if strategies is None else tuple(dict.fromkeys(strategies))
        if not set(kept) <= set(self.strategy):
            raise ParameterError(
                f"Strategies {', '.join(sorted(set(kept) - set(self.strategy)))} are not in the "
                f"search space; it has {', '.join(self.strategy)} (parameter "
                "search_space.strategy)."
            )
        return self.model_copy(update={"backbone": wanted, "strategy": kept})
