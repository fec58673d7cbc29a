"""Opening an image whatever its format: what comes out has eight bits a channel."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from metallmix_kedro.support import require

IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF")
"""Formats that Pillow reads for us. It knows more, some of which start other programs (EPS)."""

HEIC_EXTRA = "heic"
"""The extra that reads HEIC, of which nobody who has no such photographs wants to know."""

DICOM = "DICOM"
"""What stands in place of Pillow's mode for a DICOM file."""

WINDOWING = "windowed to 8, DICOM by its own window, others from their 0.5th to 99.5th percentile"
"""What happens to more than eight bits a channel, for a summary."""

_PERCENTILES = (0.5, 99.5)
_MAGIC_AT, _MAGIC = 128, b"DICM"
_HEIF_AT = 4
_HEIF = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1"))
"""Brands of still images; what of ``mif1`` is AVIF, Pillow has opened before."""


class UnreadCompressionError(ValueError):
    """A DICOM file in a compression for which pydicom has no decoder here."""


def is_deep(mode: str | None) -> bool:
    """Whether a mode has more than eight bits a channel, so that a window is laid over it."""
    return mode is not None and mode.startswith(("I", "F", DICOM))


def open_image(source: Path | bytes) -> Image.Image:
    """Open an image with eight bits a channel.

    Sixteen bits and more are windowed: a DICOM file by its own window (the first), everything else
    from its 0.5th to its 99.5th percentile, image by image.

    Parameters
    ----------
    source : Path or bytes
        The file or what it holds.

    Returns
    -------
    PIL.Image.Image
        To be used in a ``with`` statement. Of a file that Pillow reads, decoded only when used.

    Raises
    ------
    PIL.UnidentifiedImageError
        If it is no image of a format that is read.
    MissingExtraError
        If it is a DICOM or HEIC file and the package that reads it is not installed.
    OSError, ValueError
        If it is cut off or damaged. On hostile bytes Pillow and pydicom raise nearly anything.
    """
    try:
        image: Image.Image = open_with_pillow(source)
    except UnidentifiedImageError:
        if not is_dicom(source):
            raise
        return _open_dicom(source)
    if not is_deep(image.mode):
        return image
    with image:
        pixels = np.asarray(image)
    return _windowed(pixels, None)


def open_with_pillow(source: Path | bytes) -> ImageFile.ImageFile:
    """Open what Pillow reads, HEIC through its plugin; only the header is read.

    Raises
    ------
    PIL.UnidentifiedImageError
        If it is of no such format.
    MissingExtraError
        If it is a HEIC file and its plugin is not installed.
    """
    try:
        return Image.open(_stream(source), formats=IMAGE_FORMATS)
    except UnidentifiedImageError:
        if not _start(source)[_HEIF_AT:].startswith(_HEIF):
            raise
    require("pillow_heif", HEIC_EXTRA).register_heif_opener()
    return Image.open(_stream(source), formats=["HEIF"])


def is_dicom(source: Path | bytes) -> bool:
    """Whether it starts like a DICOM file, whatever its name."""
    return _start(source)[_MAGIC_AT:].startswith(_MAGIC)


def _start(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    with source.open("rb") as file:
        return file.read(_MAGIC_AT + len(_MAGIC))


def dicom_header(source: Path | bytes) -> Any:
    """Read what a DICOM file says of itself; its pixels are not read.

    Raises
    ------
    MissingExtraError
        If pydicom is not installed.
    """
    return require("pydicom", "medical").dcmread(_stream(source), stop_before_pixels=True)


def _stream(source: Path | bytes) -> Path | io.BytesIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _open_dicom(source: Path | bytes) -> Image.Image:
    dicom = require("pydicom", "medical").dcmread(_stream(source))
    processing = require("pydicom.pixels", "medical")
    syntax = dicom.file_meta.TransferSyntaxUID
    if syntax.is_compressed and not processing.get_decoder(syntax).is_available:
        raise UnreadCompressionError(syntax.name)
    pixels = dicom.pixel_array
    if dicom.PhotometricInterpretation == "PALETTE COLOR":
        pixels = processing.apply_color_lut(pixels, dicom)
        return Image.fromarray((pixels >> (8 * (pixels.itemsize - 1))).astype(np.uint8))
    if pixels.ndim == 3:
        return Image.fromarray(pixels.astype(np.uint8))
    values = processing.apply_modality_lut(pixels, dicom)
    centre, width = (_first(dicom.get(name)) for name in ("WindowCenter", "WindowWidth"))
    window = (centre - width / 2, centre + width / 2) if centre is not None and width else None
    image = _windowed(values, window)
    if dicom.PhotometricInterpretation == "MONOCHROME1":  # white is low
        return Image.eval(image, lambda value: 255 - value)
    return image


def _first(value: Any) -> Any:
    """Return a number, the first of several, or None."""
    if value is None or isinstance(value, (int, float)):
        return value
    return next(iter(value), None)


def _windowed(pixels: NDArray[Any], window: tuple[float, float] | None) -> Image.Image:
    values = np.nan_to_num(pixels.astype(np.float32))
    low, high = window or np.percentile(values, _PERCENTILES)
    scaled = (values - low) / max(high - low, 1e-6)
    return Image.fromarray((scaled.clip(0, 1) * 255).round().astype(np.uint8))
