"""Parameters of the experiment grid."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from metallmix_kedro.parameters import Parameters

Epochs = Annotated[int, Field(ge=1, le=1000)]
Folds = Annotated[int, Field(ge=2, le=20)]
Count = Annotated[int, Field(ge=0)]
Gigabytes = Annotated[float, Field(gt=0)]


class EpochBudget(Parameters):
    """Most epochs a trial may train, by fine-tuning strategy."""

    feature_extraction: Epochs
    last_10: Epochs
    last_30: Epochs
    full: Epochs


class FoldCounts(Parameters):
    """How many of the manifest's folds serve as test fold, by fine-tuning strategy."""

    feature_extraction: Folds
    last_10: Folds
    last_30: Folds
    full: Folds


class TrialCounts(Parameters):
    """How many configurations of each fine-tuning strategy."""

    feature_extraction: Count
    last_10: Count
    last_30: Count
    full: Count


class Protocol(Parameters):
    """How a trial is measured; trials are comparable where these values agree.

    ``image_size`` is the side in pixels to which images are resized (null: the backbone's own
    default); ``subset_size`` the number of images drawn from a dataset, stratified (null: all);
    ``test_size`` the number of images over all folds that are tested on, the subset's among them
    (null: no others), which makes scores more exact and costs little;
    ``n_folds`` how many of the manifest's folds serve as test fold, one after another;
    ``patience`` the epochs without a better validation accuracy after which training stops.
    ``freeze_batch_norm`` keeps the backbone's batch norm at its ImageNet statistics, also where
    its layers are trained.
    """

    image_size: Annotated[int, Field(ge=32, le=1024)] | None
    subset_size: Annotated[int, Field(ge=8)] | None
    test_size: Annotated[int, Field(ge=8)] | None = None
    n_folds: FoldCounts
    max_epochs: EpochBudget
    patience: Annotated[int, Field(ge=1, le=1000)]
    freeze_batch_norm: bool


class CacheParameters(Parameters):
    """Where pixels and frozen activations are kept, and how much disk and memory they may take.

    Arrays that are larger than ``max_memory_gb`` are read from disk batch by batch; what is used
    least recently is deleted before ``max_disk_gb`` would be exceeded (10^9 bytes each).
    """

    root: str
    max_disk_gb: Gigabytes
    max_memory_gb: Gigabytes


class ExperimentGridParameters(Parameters):
    """What the experiment grid measures, and where.

    ``datasets``: names of ingested datasets, or null for all that were described last.
    ``backbones``: the part of the search space that is measured. ``weights``: a local weights file
    for a backbone, in place of its own source. ``n_random`` configurations are drawn from the
    whole space and measured on every dataset; so are ``n_random_by_strategy`` more of each
    strategy, the backbones in turn. Bayesian optimisation is told the first ``n_initial`` of the
    former and proposes ``n_bayesian`` more for each of ``bayesian_datasets`` (null: all).

    ``executor`` is ``in_process``, ``processes`` (on this machine, ``n_workers`` of them; null:
    one a core) or the address of a Dask scheduler, ``tcp://host:port``. Heads on the same features
    are trained side by side, at most ``heads_at_once`` of them and as long as their first layers
    have no more than ``head_weights_at_once`` weights together. ``reuse_history``: what the
    history holds already is not measured again. ``join_previous_history``: what is measured or
    imported joins the history so far; else it begins a new one. ``lock`` is the file that keeps a
    second run out.

    ``imports``: mapping files of histories that join the one measured here
    (`metallmix_kedro.history.importing`).
    """

    datasets: tuple[str, ...] | None
    backbones: Annotated[tuple[str, ...], Field(min_length=1)]
    weights: dict[str, str] = Field(default_factory=dict)
    n_random: Count
    n_random_by_strategy: TrialCounts
    n_bayesian: Count
    n_initial: Count
    bayesian_datasets: tuple[str, ...] | None
    protocol: Protocol
    executor: Annotated[str, Field(pattern=r"^(in_process|processes|(tcp|tls)://\S+:\d+)$")]
    n_workers: Annotated[int, Field(ge=1, le=1024)] | None
    heads_at_once: Annotated[int, Field(ge=1, le=256)]
    head_weights_at_once: Annotated[int, Field(ge=1)]
    cache: CacheParameters
    reuse_history: bool
    join_previous_history: bool
    lock: str
    imports: tuple[str, ...] = ()
    seed: Count

    @model_validator(mode="after")
    def _something_to_measure(self) -> "ExperimentGridParameters":
        counts: dict[str, Any] = self.n_random_by_strategy.model_dump()
        if self.n_random + self.n_bayesian + sum(counts.values()) == 0:
            raise ValueError(
                "n_random, n_random_by_strategy and n_bayesian are all 0: there is nothing to "
                "measure"
            )
        if self.n_bayesian > 0 and self.n_initial > self.n_random:
            raise ValueError(
                f"n_initial is {self.n_initial}: Bayesian optimisation can be told at most the "
                f"n_random = {self.n_random} configurations of the whole space"
            )
        return self
