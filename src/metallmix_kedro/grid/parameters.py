"""Parameters of the experiment grid."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, model_validator

from metallmix_kedro.search_space import Configuration
from metallmix_kedro.support import FilePath, Parameters
from metallmix_kedro.training import CacheParameters, Schedule, Strategy

Epochs = Annotated[int, Field(ge=1, le=1000)]
Folds = Annotated[int, Field(ge=1, le=20)]
Images = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
WeightsPath = Annotated[
    str,
    Field(
        json_schema_extra={"format": "path", "not": {"pattern": "^(imagenet$|pip:|random(:|$))"}}
    ),
]
"""A file of weights, or a word for a source of them (`backbones.weights.resolve_weights`)."""
Number = TypeVar("Number")


class _ByStrategy(Parameters, Generic[Number]):
    """A number for each fine-tuning strategy."""

    feature_extraction: Number
    last_10: Number
    last_30: Number
    full: Number


class EpochBudget(_ByStrategy[Epochs]):
    """Most epochs a trial may train, by fine-tuning strategy."""


class FoldCounts(_ByStrategy[Folds]):
    """How many of the manifest's folds serve as test fold, by fine-tuning strategy."""


class TrialCounts(_ByStrategy[Count]):
    """How many of each fine-tuning strategy."""


class Protocol(Parameters):
    """How a trial is measured; trials are comparable where these values agree.

    ``image_size`` is the side in pixels to which images are resized (null: the backbone's own
    default); ``subset_size`` the number of images drawn from a dataset, stratified (null: all).
    ``n_folds`` is how many of the manifest's folds serve as test fold, one after another;
    where they hold fewer images than ``min_tested``, more folds take their turn. Of the other
    folds' images ``validation_share`` validate. ``patience`` is the number of epochs without a
    better validation accuracy after which training stops. ``freeze_batch_norm`` keeps the
    backbone's batch norm at its ImageNet statistics, also where its layers are trained.
    """

    image_size: Annotated[int, Field(ge=32, le=1024)] | None
    subset_size: Annotated[int, Field(ge=8)] | None
    n_folds: FoldCounts
    min_tested: TrialCounts = TrialCounts(feature_extraction=0, last_10=0, last_30=0, full=0)
    validation_share: Annotated[float, Field(gt=0, le=0.5)] = 0.2
    max_epochs: EpochBudget
    patience: Annotated[int, Field(ge=1, le=1000)]
    freeze_batch_norm: bool

    def schedule(self, configuration: Configuration, seed: int) -> Schedule:
        """Return for how long a configuration is trained."""
        return Schedule(
            max_epochs=getattr(self.max_epochs, configuration.strategy),
            patience=self.patience,
            freeze_batch_norm=self.freeze_batch_norm,
            seed=seed,
        )


class Level(Parameters):
    """How many images train, and how much is measured there.

    ``n_train`` is the number of images that train (null: all but those that validate and are
    tested on). A dataset that has few more of them in all is not measured at the level: it would
    be the same trial again. ``n_configurations`` is how many of the named and randomly drawn
    configurations of each strategy are measured, from the first (null: all); ``n_repeated`` how
    many of these are measured with ``n_seeds`` seeds in place of one.
    """

    n_train: Images | None = None
    n_configurations: TrialCounts | None = None
    n_repeated: TrialCounts | None = None


def level_name(n_train: int | None) -> str:
    """Name a level in the history: ``"all"``, or how many images train."""
    return "all" if n_train is None else str(n_train)


class ExperimentGridParameters(Parameters):
    """What the experiment grid measures, and where.

    ``datasets``: names of ingested datasets, or null for all that were described last.
    ``backbones`` and ``strategies`` (null: all): the part of the search space that is measured.
    ``weights``: a local weights file
    for a backbone, in place of its own source. ``n_random`` configurations are drawn from the
    whole space and measured on every dataset; so are ``n_random_by_strategy`` more of each
    strategy, the backbones in turn, and the ``configurations`` that are named: mappings of
    hyperparameters to a value or to a list, which stands for each of its values. ``levels`` says
    how many images train. The ``n_random`` and the searches are measured where all of them do;
    if no level is given, so are all. Datasets of fewer than ``second_split_below`` images are
    measured with a second split into folds where nothing is fine-tuned. Bayesian optimisation is
    told the first ``n_initial`` of the random ones and proposes ``n_bayesian`` more for each of
    ``bayesian_datasets`` (null: all).

    ``executor`` is ``in_process``, ``processes`` (on this machine, ``n_workers`` of them; null:
    one a core) or the address of a Dask scheduler, ``tcp://host:port``. Heads on the same features
    are trained side by side, at most ``heads_at_once`` of them and as long as their first layers
    have no more than ``head_weights_at_once`` weights together. ``reuse_history``: what the
    history holds already is not measured again. ``join_previous_history``: what is measured or
    imported joins the history so far; else it begins a new one. ``lock`` is the file that keeps a
    second run out.

    ``seed`` draws the images of a dataset that are used and the configurations; repeated trials
    have the seeds that follow it. Trials under another one than the default have names of their
    own, also where their own seeds agree.

    ``imports``: mapping files of histories that join the one measured here
    (`metallmix_kedro.history.importing`).
    """

    datasets: tuple[str, ...] | None
    backbones: Annotated[tuple[str, ...], Field(min_length=1)]
    strategies: Annotated[tuple[Strategy, ...], Field(min_length=1)] | None = None
    weights: dict[str, WeightsPath] = Field(default_factory=dict)
    configurations: tuple[dict[str, Any], ...] = ()
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = (Level(),)
    n_seeds: Annotated[int, Field(ge=1, le=100)] = 1
    second_split_below: Count = 0
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
    lock: FilePath
    imports: tuple[FilePath, ...] = ()
    seed: Count = 42

    @model_validator(mode="after")
    def _something_to_measure(self) -> "ExperimentGridParameters":
        counts: dict[str, Any] = self.n_random_by_strategy.model_dump()
        if self.n_random + self.n_bayesian + sum(counts.values()) + len(self.configurations) == 0:
            raise ValueError(
                "n_random, n_random_by_strategy, n_bayesian are all 0 and configurations is empty: "
                "there is nothing to measure"
            )
        if len({level.n_train for level in self.levels}) < len(self.levels):
            raise ValueError("levels gives a number of training images twice")
        if self.n_bayesian > 0 and self.n_initial > self.n_random:
            raise ValueError(
                f"n_initial is {self.n_initial}: Bayesian optimisation can be told at most the "
                f"n_random = {self.n_random} configurations of the whole space"
            )
        return self

    @property
    def named_base_seed(self) -> dict[str, int]:
        """What a trial's name says of ``seed``: nothing where it is the default."""
        is_default = self.seed == type(self).model_fields["seed"].default
        return {} if is_default else {"base_seed": self.seed}
