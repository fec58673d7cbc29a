"""Is a file an image that can be used? By its header alone, or by decoding all of it."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from metallmix_kedro.images.near_copies import thumbnail
from metallmix_kedro.images.opening import (
    DICOM,
    HEIC_EXTRA,
    UnreadCompressionError,
    dicom_header,
    is_dicom,
    open_image,
    open_with_pillow,
)
from metallmix_kedro.images.reasons import UNREAD_SUFFIXES, Reason
from metallmix_kedro.support import MissingExtraError

_BYTES_PER_PIXEL_AT_MOST = 8
"""Of any uncompressed image that is used: four channels of 16 bits."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file holds.

    Parameters
    ----------
    reason : Reason or None
        Why it cannot be used; None if it can.
    size : tuple of int or None
        Width and height in pixels, as stored; None if the header could not be read.
    mode : str or None
        Pillow's mode, for example ``"RGB"``, or `DICOM`.
    n_bytes : int or None
        Size of the file.
    content_hash : str or None
        SHA-256 of the file's bytes, in hexadecimal.
    pixels : str or None
        What the image shows, not how its file stores it: mode, size, and checksums of all pixels
        and of the thumbnail. Equal for one image stored in two ways.
    thumbnail : numpy.ndarray of uint8 or None
        See `near_copies.thumbnail`.
    """

    reason: Reason | None
    size: tuple[int, int] | None = None
    mode: str | None = None
    n_bytes: int | None = None
    content_hash: str | None = None
    pixels: str | None = None
    thumbnail: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


def read_size(path: str, max_pixels: int) -> tuple[int, int] | Reason:
    """Read an image's width and height from its header; nothing is decoded.

    Parameters
    ----------
    path : str
        The file.
    max_pixels : int
        Most pixels an image may have.

    Returns
    -------
    tuple of int, or Reason
        Width and height in pixels as stored (an EXIF rotation is not applied), or why the file is
        no image that can be used. A file that is cut off behind its header passes.
    """
    found = _header(Path(path), Path(path).name, max_pixels)
    return found.reason or found.size or Reason.NOT_AN_IMAGE


def _header(source: Path | bytes, name: str, max_pixels: int) -> Inspection:
    """Read size and mode, or why the file cannot be used; nothing is decoded."""
    try:
        with open_with_pillow(source) as image:
            reason = None
            if image.width * image.height > max_pixels:
                reason = Reason.TOO_LARGE
            # Many cameras write a small second picture into a JPEG (MPO): the first counts.
            elif image.format != "MPO" and getattr(image, "is_animated", False):
                reason = Reason.SEVERAL_FRAMES
            return Inspection(reason, image.size, image.mode)
    except UnidentifiedImageError:
        return _header_of_another(source, name, max_pixels)
    except Exception as error:  # on hostile bytes Pillow's plugins raise nearly anything
        return Inspection(_reason_of(error))


def _header_of_another(source: Path | bytes, name: str, max_pixels: int) -> Inspection:
    """Read the size of what Pillow does not know, or say why it is no image."""
    try:
        if not is_dicom(source):
            empty = isinstance(source, Path) and source.stat().st_size == 0
            return Inspection(Reason.ZERO_BYTES if empty else _unread(name))
        header = dicom_header(source)
        if "Rows" not in header or "Columns" not in header:
            return Inspection(Reason.NOT_AN_IMAGE)  # a report, a structure set
        if int(header.get("NumberOfFrames") or 1) > 1:
            return Inspection(Reason.SEVERAL_FRAMES)
        size = int(header.Columns), int(header.Rows)
    except Exception as error:  # on hostile bytes pydicom raises nearly anything
        return Inspection(_reason_of(error))
    too_large = size[0] * size[1] > max_pixels
    return Inspection(Reason.TOO_LARGE) if too_large else Inspection(None, size, DICOM)


def _unread(name: str) -> Reason:
    for suffix, reason in UNREAD_SUFFIXES.items():
        if name.lower().endswith(suffix):
            return reason
    return Reason.NOT_AN_IMAGE


def inspect_file(path: Path, max_pixels: int) -> Inspection:
    """Read a file once, hash it, and decode it wholly.

    Parameters
    ----------
    path : Path
        A regular file.
    max_pixels : int
        Most pixels an image may have; larger ones are not decoded.

    Returns
    -------
    Inspection
        Never raises for what a file holds.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes == 0:
            return Inspection(Reason.ZERO_BYTES, n_bytes=0)
        if n_bytes > max(_BYTES_PER_PIXEL_AT_MOST * max_pixels, 1_000_000):
            return Inspection(Reason.TOO_LARGE, n_bytes=n_bytes)
        data = path.read_bytes()
    except OSError:
        return Inspection(Reason.UNREADABLE)
    found = replace(
        _header(data, path.name, max_pixels),
        n_bytes=len(data),
        content_hash=hashlib.sha256(data).hexdigest(),
    )
    if found.reason is not None:
        return found
    try:
        with open_image(data) as image:
            small = thumbnail(image)
            return replace(
                found, pixels=f"{_checksum(image)} {crc32(small.tobytes())}", thumbnail=small
            )
    except Exception as error:  # on hostile bytes Pillow and pydicom raise nearly anything
        return replace(found, reason=_reason_of(error))


def _checksum(image: Image.Image) -> str:
    # Not a hash: that would cost as much as half the decoding.
    pixels = image if image.mode in ("L", "RGB") else image.convert("RGBA")
    return f"{pixels.mode} {pixels.size} {crc32(pixels.tobytes())}"


def _reason_of(error: Exception) -> Reason:
    if isinstance(error, UnreadCompressionError):
        return Reason.COMPRESSED
    if isinstance(error, MissingExtraError):
        return Reason.HEIC if error.extra == HEIC_EXTRA else Reason.DICOM
    if isinstance(error, UnidentifiedImageError):
        return Reason.NOT_AN_IMAGE
    if isinstance(error, Image.DecompressionBombError):
        return Reason.TOO_LARGE
    if isinstance(error, OSError) and error.errno is not None:
        return Reason.UNREADABLE
    return Reason.DAMAGED
