"""Why a file is left out, and what can be done about it."""

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """Why a file is excluded."""

    ZERO_BYTES = "zero bytes"
    NOT_AN_IMAGE = "not an image"
    DAMAGED = "truncated or damaged"
    UNREADABLE = "file cannot be read"
    TOO_LARGE = "larger than max_pixels allows"
    SEVERAL_FRAMES = "animated or several pages"
    DICOM = "DICOM, for which an extra is missing"
    HEIC = "HEIC, for which an extra is missing"
    COMPRESSED = "DICOM in a compression that is not read"
    VOLUME = "a volume or slide, which is not read"
    OTHER_FORMAT = "an image format that is not read"
    TWO_CLASSES = "same image under two classes"
    OUTSIDE_CLASSES = "not in a class folder"
    NOT_FOUND = "listed file not found"
    NO_LABEL = "no label"
    NAME = "file name is not valid text"
    AGAIN = "in a folder that repeats the images of another"
    MASK = "mask of another image"
    BESIDE = "in a folder beside those with the classes"


MENDS = {
    Reason.DICOM: 'install the extra: pip install -c requirements.lock -e ".[medical]"',
    Reason.HEIC: 'install the extra: pip install -c requirements.lock -e ".[heic]"',
    Reason.COMPRESSED: "decompress them (gdcmconv --raw, dcmdjpeg)",
    Reason.VOLUME: "save its slices (NIfTI: nibabel) or tiles as PNG, or describe the dataset by a "
    "card (target.card)",
    Reason.OTHER_FORMAT: "save them (RAW, SVG, PSD, ...) as JPEG or PNG, or describe the "
    "dataset by a card (target.card)",
    Reason.SEVERAL_FRAMES: "save the frames that count as files of their own",
    Reason.TOO_LARGE: "scale them, or raise max_pixels",
    Reason.ZERO_BYTES: "get these files again",
    Reason.DAMAGED: "get these files again",
    Reason.NOT_AN_IMAGE: "save them in a format that is read, or take them out",
    Reason.UNREADABLE: "check the rights of these files and what they link to",
    Reason.TWO_CLASSES: "keep each under the class it belongs to",
    Reason.OUTSIDE_CLASSES: "move them into a class folder, or say by layout where classes stand",
    Reason.NOT_FOUND: "set labels_csv.folders or labels_csv.path_column",
    Reason.NO_LABEL: "fill in the label column",
    Reason.NAME: "rename these files",
    Reason.AGAIN: "if they are other images, say by layout which folders count",
    Reason.MASK: "if they are no masks, say by layout which folders count",
    Reason.BESIDE: "if they count, say by layout where the classes stand",
}
"""What a user can do about files that are left out, by the reason."""


def mends(reasons: Iterable[str]) -> str:
    """Say what can be done about files left out for some reasons, once each."""
    return "; ".join(f"{reason}: {MENDS[Reason(reason)]}" for reason in sorted(set(reasons)))


READ_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff",
    ".webp", ".jp2", ".avif", ".heic", ".heif", ".dcm", ".dicom",
)  # fmt: skip
"""File name endings of what is read."""

UNREAD_SUFFIXES = {
    ".nii": Reason.VOLUME, ".nii.gz": Reason.VOLUME, ".nrrd": Reason.VOLUME, ".mha": Reason.VOLUME,
    ".mhd": Reason.VOLUME, ".npy": Reason.VOLUME, ".svs": Reason.VOLUME, ".czi": Reason.VOLUME,
    ".svg": Reason.OTHER_FORMAT, ".tga": Reason.OTHER_FORMAT, ".psd": Reason.OTHER_FORMAT,
    ".cr2": Reason.OTHER_FORMAT, ".nef": Reason.OTHER_FORMAT, ".dng": Reason.OTHER_FORMAT,
}  # fmt: skip
"""File name endings of pictures that are not read."""

IMAGE_SUFFIXES = (*READ_SUFFIXES, *UNREAD_SUFFIXES)
"""File name endings that tell a stray image from a stray text file; nothing else hangs on them."""
