"""Which hyperparameters trials can be trained with, which values they take, and where they act.

Another one is an entry here, its declaration in ``search_space.yml``, and the lines that carry it
out, in the module that stands above the entry.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import Feature, Value, hyperparameter
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ParameterError
from metallmix_kedro.training.augmentation import AUGMENTATIONS
from metallmix_kedro.training.network import OPTIMIZERS, STRATEGIES


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What the trainer makes of a hyperparameter.

    ``takes`` are the names, or the numbers, that it can have, and ``off`` is the value with which a
    trial is the same as in a space without the hyperparameter.
    """

    takes: Feature | Collection[str]
    needed: bool = True
    off: Value | None = None

    def problem_with(self, value: Value) -> str | None:
        """Say why no trial can be trained with a value, if none can."""
        if isinstance(self.takes, Feature):
            # Keras counts nothing with a float, also where that is whole.
            counts = self.takes.kind != "whole_number" or isinstance(value, int)
            return self.takes.problem_with(value if counts else None)
        return None if value in self.takes else f"is none of {', '.join(self.takes)}"


_COUNT = Feature(kind="whole_number", minimum=1)
_SHARE = Feature(kind="number", minimum=0, below=1)

CARRIED_OUT: dict[str, CarriedOut] = {
    # in `backbones.registry`
    "backbone": CarriedOut(BACKBONES.keys()),
    # in `network`
    "strategy": CarriedOut(STRATEGIES),
    "dense_units": CarriedOut(_COUNT),
    "dropout": CarriedOut(_SHARE),
    "optimizer": CarriedOut(OPTIMIZERS),
    "learning_rate": CarriedOut(Feature(kind="log_number")),
    "weight_decay": CarriedOut(_SHARE, needed=False, off=0.0),
    # in `inputs.splits`
    "batch_size": CarriedOut(_COUNT),
    # in `features`
    "image_size": CarriedOut(Feature(kind="whole_number", minimum=32, below=1025), needed=False),
    # in `augmentation`
    "augmentation": CarriedOut(AUGMENTATIONS, needed=False, off="none"),
}
"""What a trial can be trained with, by name. ``image_size`` takes the place of the protocol's."""

_FROM_IMAGES = "full"
"""The strategy that sees images anew in each epoch: with the others a frozen part comes before what
is trained, and what leaves it is computed once."""


def effective_values(configuration: Configuration) -> dict[str, Value]:
    """Return the values that make a trial what it is: all but those that are off."""
    return {
        name: value
        for name, value in configuration.as_dict().items()
        if (known := CARRIED_OUT.get(name)) is None or known.off is None or value != known.off
    }


def image_size_of(configuration: Configuration, protocols: int | None) -> int:
    """Return the side in pixels to which images are resized for a trial.

    Parameters
    ----------
    configuration : Configuration
        Its ``image_size`` counts, if that is searched.
    protocols : int or None
        The protocol's; None: the backbone's own.
    """
    own = BACKBONES[configuration.backbone].default_image_size
    return int(configuration.get("image_size", protocols) or own)


def check_space(space: SearchSpace, image_size: int | None) -> None:
    """Make sure that trials of all configurations can be trained.

    Parameters
    ----------
    space : SearchSpace
        What is to be measured.
    image_size : int or None
        The protocol's side of images in pixels; None: each backbone's own.

    Raises
    ------
    ParameterError
        Naming every hyperparameter and value that the trainer cannot carry out.
    """
    names = list(space.model_extra or {})
    if unknown := [name for name in names if name not in CARRIED_OUT]:
        raise ParameterError(
            f"No trial can be trained with {', '.join(unknown)} (search_space). The trainer knows "
            f"{', '.join(CARRIED_OUT)}; another one is added in training/hyperparameters.py."
        )
    if missing := [name for name, one in CARRIED_OUT.items() if one.needed and name not in names]:
        raise ParameterError(f"search_space lacks {', '.join(missing)}: every trial needs a value.")
    problems = [problem for name in names for problem in _problems(name, space)]
    problems += _too_small(space, image_size)
    if problems:
        raise ParameterError("Not all of search_space can be trained: " + " ".join(problems))


def _problems(name: str, space: SearchSpace) -> Iterator[str]:
    known, declared = CARRIED_OUT[name], hyperparameter(name)
    for value in space.values(name):
        if problem := known.problem_with(value):
            yield f"{name} {value!r} {problem}."
    if known.off is not None and declared.default != known.off:
        yield f"{name}.default has to be {known.off!r}: so were trials trained that do not say."
    if name == "augmentation" and set(space.values(name)) != {known.off}:
        where = declared.when.get("strategy", space.strategy)
        if set(where) & set(space.strategy) - {_FROM_IMAGES}:
            yield (
                f"{name} changes the images of every epoch, and only {_FROM_IMAGES} computes from "
                "images each time: what the frozen layers of the others make of them is computed "
                f"once. Declare {name}.when as {{strategy: [{_FROM_IMAGES}]}}."
            )


def _too_small(space: SearchSpace, image_size: int | None) -> Iterator[str]:
    searched = space.values("image_size") if "image_size" in (space.model_extra or {}) else ()
    given = [int(size) for size in searched or (image_size,) if isinstance(size, int)]
    for backbone in filter(BACKBONES.__contains__, space.backbone):
        least = BACKBONES[backbone].min_image_size
        if given and min(given) < least:
            yield f"images of {min(given)} pixels are too small for {backbone}: it needs {least}."
