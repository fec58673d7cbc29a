"""A past trial on a dataset like the target, as it is shown."""

from collections.abc import Mapping
from typing import Any, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict

from metallmix_kedro.declared import configuration_columns, meta_feature_columns
from metallmix_kedro.history import METRICS
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.search_space import Configuration, phrase


def shown_columns() -> tuple[str, ...]:
    """Name the columns of the history that are shown of a trial."""
    known = (*meta_feature_columns(), *configuration_columns())
    return ("trial_id", "dataset", "training_time_s", *known, *METRICS)


class SimilarTrial(BaseModel):
    """A past trial on a dataset like the target (paper, section 2.3).

    ``distance`` is Euclidean between standardised meta-features; ``metrics`` are those of
    `metallmix_kedro.history.METRICS` that are known, each in [0, 1]; ``training_time_s`` is in
    seconds, None where the source does not give it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trial_id: str
    dataset: str
    distance: float
    meta_features: MetaFeatures
    configuration: Configuration
    metrics: dict[str, float]
    training_time_s: float | None

    @classmethod
    def from_row(cls, row: Mapping[Any, Any], distance: float) -> Self:
        """Take a trial out of a row of the history."""
        time = row["training_time_s"]
        return cls(
            trial_id=row["trial_id"],
            dataset=row["dataset"],
            distance=distance,
            meta_features=MetaFeatures.model_validate(
                {name: row[name] for name in meta_feature_columns()}
            ),
            configuration=Configuration.from_mapping(
                {name: row[name] for name in configuration_columns()}
            ),
            # Histories stored earlier lack the later metrics.
            metrics={name: row[name] for name in METRICS if pd.notna(row.get(name))},
            training_time_s=None if pd.isna(time) else time,
        )

    def line(self) -> str:
        """Return the trial as one readable line."""
        chosen = self.configuration
        time = "" if self.training_time_s is None else f", {self.training_time_s:.0f} s"
        scores = ", ".join(
            f"{name} {value:.3f}" for name, value in self.metrics.items() if name.startswith("test")
        )
        return f"{self.dataset} ({self.meta_features.line()}): {phrase(chosen)}: {scores}{time}"
