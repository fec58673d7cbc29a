"""Parameters of the experiment grid."""

from typing import Annotated

from pydantic import Field, model_validator

from metallmix_kedro.parameters import Parameters

Epochs = Annotated[int, Field(ge=1, le=1000)]


class EpochBudget(Parameters):
    """Most epochs a trial may train, by fine-tuning strategy."""

    feature_extraction: Epochs
    last_10: Epochs
    last_30: Epochs
    full: Epochs


class Protocol(Parameters):
    """How a trial is measured; trials are comparable where these values agree.

    ``image_size`` is the side in pixels to which images are resized (null: the backbone's own
    default); ``subset_size`` the number of images drawn from a dataset, stratified (null: all);
    ``n_folds`` how many of the manifest's folds serve as test fold, one after another;
    ``patience`` the epochs without a better validation accuracy after which training stops.
    ``freeze_batch_norm`` keeps the backbone's batch norm at its ImageNet statistics, also where
    its layers are trained.
    """

    image_size: Annotated[int, Field(ge=32, le=1024)] | None
    subset_size: Annotated[int, Field(ge=8)] | None
    n_folds: Annotated[int, Field(ge=2, le=20)]
    max_epochs: EpochBudget
    patience: Annotated[int, Field(ge=1, le=1000)]
    freeze_batch_norm: bool


class ExperimentGridParameters(Parameters):
    """What the experiment grid measures.

    ``datasets``: names of ingested datasets, or null for all that were described last.
    ``backbones``: the part of the search space that is measured. ``weights``: a local weights file
    for a backbone, in place of its own source. ``n_random`` configurations are drawn once and
    measured on every dataset; ``n_bayesian`` more are proposed for each dataset by Bayesian
    optimisation.
    """

    datasets: tuple[str, ...] | None
    backbones: Annotated[tuple[str, ...], Field(min_length=1)]
    weights: dict[str, str] = Field(default_factory=dict)
    n_random: Annotated[int, Field(ge=0)]
    n_bayesian: Annotated[int, Field(ge=0)]
    protocol: Protocol
    cache_root: str
    seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _something_to_measure(self) -> "ExperimentGridParameters":
        if self.n_random + self.n_bayesian == 0:
            raise ValueError("n_random and n_bayesian are both 0: there is nothing to measure")
        return self
