"""Reading what a GGUF file of model weights says of itself.

The library ``gguf`` can do it, but takes a vocabulary of 150,000 words apart on the way: 13 s and
half a gigabyte where these few lines take a millisecond. llama.cpp's binding does not tell.
"""

import hashlib
import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
MAX_ENTRIES = 10_000
MAX_TEXT = 2**26

# Numbers of value kinds, as struct writes them
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TEXT, _LIST = 8, 9

# llama.cpp's numbers of file types (llama_ftype)
_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 24: "IQ1_S",
    25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 30: "IQ4_XS", 32: "BF16",
}  # fmt: skip


def quantisation(path: Path) -> str | None:
    """Return how a file's weights are quantised, for example ``"Q4_K_M"``.

    Parameters
    ----------
    path : pathlib.Path
        A GGUF file of version 2 or 3.

    Returns
    -------
    str or None
        None if the file does not say it, or is no GGUF file.
    """
    try:
        with path.open("rb") as file:
            return _QUANTISATIONS.get(_file_type(file))
    except (OSError, struct.error, ValueError):
        return None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_type(file: BinaryIO) -> int:
    if file.read(4) != MAGIC:
        raise ValueError("not a GGUF file")
    version, _, n_entries = _read(file, "<IQQ")
    if version < 2 or n_entries > MAX_ENTRIES:
        raise ValueError("not a GGUF file that is understood")
    for _ in range(n_entries):
        key = _text(file)
        (kind,) = _read(file, "<I")
        if key == b"general.file_type" and kind in _SCALARS:
            return int(_read(file, "<" + _SCALARS[kind])[0])
        _skip(file, kind)
    raise ValueError("no file type")


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _text(file: BinaryIO) -> bytes:
    (length,) = _read(file, "<Q")
    if length > MAX_TEXT:
        raise ValueError("a text of impossible length")
    return file.read(length)


def _skip(file: BinaryIO, kind: int) -> None:
    if kind in _SCALARS:
        file.seek(struct.calcsize("<" + _SCALARS[kind]), 1)
    elif kind == _TEXT:
        _text(file)
    elif kind == _LIST:
        inner, count = _read(file, "<IQ")
        if inner in _SCALARS:
            file.seek(count * struct.calcsize("<" + _SCALARS[inner]), 1)
            return
        for _ in range(count):
            _skip(file, inner)
    else:
        raise ValueError("a value of unknown kind")
