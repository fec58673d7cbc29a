"""Which hyperparameters trials can be trained with, which values they take, and where they act.

Another one is an entry here, its declaration in ``search_space.yml``, and the lines that carry it
out, in the module that stands above the entry.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from metallmix_kedro.backbones import BACKBONES
from metallmix_kedro.declared import Value, hyperparameter
from metallmix_kedro.search_space import Configuration, SearchSpace
from metallmix_kedro.support import ParameterError
from metallmix_kedro.training.augmentation import AUGMENTATIONS
from metallmix_kedro.training.network import OPTIMIZERS, STRATEGIES


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What the trainer makes of a hyperparameter.

    ``takes`` says which values it can have, and ``off`` is the value with which a trial is the same
    as in a space without the hyperparameter.
    """

    takes: str
    is_taken: Callable[[Any], bool]
    needed: bool = True
    off: Value | None = None


def _from(least: float, most: float, kinds: Any = int | float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and least <= value <= most


_LEAST_SIDE, _LARGEST_SIDE = 32, 1024
_INFINITY = float("inf")
_SIDES = f"whole numbers from {_LEAST_SIDE} to {_LARGEST_SIDE}"
_ABOVE_0, _COUNT, _SHARE = "numbers above 0", "whole numbers above 0", "numbers from 0 to below 1"

CARRIED_OUT: dict[str, CarriedOut] = {
    # in `backbones.registry`
    "backbone": CarriedOut("names of registered backbones", BACKBONES.__contains__),
    # in `network`
    "strategy": CarriedOut(", ".join(STRATEGIES), STRATEGIES.__contains__),
    "dense_units": CarriedOut(_COUNT, _from(1, _INFINITY, int)),
    "dropout": CarriedOut(_SHARE, lambda v: _from(0, 1)(v) and v < 1),
    "optimizer": CarriedOut(", ".join(OPTIMIZERS), OPTIMIZERS.__contains__),
    "learning_rate": CarriedOut(_ABOVE_0, lambda v: _from(0, _INFINITY)(v) and v > 0),
    "weight_decay": CarriedOut(_SHARE, lambda v: _from(0, 1)(v) and v < 1, needed=False, off=0.0),
    # in `inputs.splits`
    "batch_size": CarriedOut(_COUNT, _from(1, _INFINITY, int)),
    # in `features`
    "image_size": CarriedOut(_SIDES, _from(_LEAST_SIDE, _LARGEST_SIDE, int), needed=False),
    # in `augmentation`
    "augmentation": CarriedOut(
        ", ".join(AUGMENTATIONS), AUGMENTATIONS.__contains__, needed=False, off="none"
    ),
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
        if not known.is_taken(value):
            yield f"{name} {value!r} (it takes {known.takes})."
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
