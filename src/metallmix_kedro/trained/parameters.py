"""Parameters of the training of what was recommended."""

from typing import Annotated, Literal

from pydantic import Field

from metallmix_kedro.support import FilePath, Parameters

Folds = Literal[0] | Annotated[int, Field(ge=2, le=20)]


class TrainingParameters(Parameters):
    """How what was recommended is trained; the rest is ``experiment_grid.protocol``'s."""

    budget_s: float | None = Field(
        default=None,
        gt=0,
        description="Seconds within which configurations are tried on the target and the best of "
        "them is trained; null: what was recommended is trained.",
    )
    folds: Folds = Field(
        default=4, description="Folds of the cross-validation; 0: the network is trained only."
    )
    validation_share: float = Field(
        default=0.1,
        gt=0,
        le=0.5,
        description="Share of all images that tell the network that is kept when to stop.",
    )
    take_next_with_weights: bool = Field(
        default=False,
        description="Where there are no weights for the first pick, train the next candidate.",
    )
    take_next_if_diverged: bool = Field(
        default=False, description="Where a training diverges, train the next candidate."
    )
    join_history: bool = Field(
        default=True, description="The cross-validated scores join the history as an own trial."
    )
    n_mistakes: int = Field(
        default=12, ge=0, le=100, description="Images in the report that it is most wrong about."
    )
    progress_root: FilePath = Field(
        description="Folder in which finished parts are kept, so that a stopped run goes on."
    )
