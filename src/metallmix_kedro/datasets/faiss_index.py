"""A FAISS index as a versioned dataset."""

import hashlib

import faiss
import numpy as np

from metallmix_kedro.datasets.sealed_file import SealedFileDataset

_MAGIC = b"MMXFAISS"
_TRAILER_LENGTH = len(_MAGIC) + hashlib.sha256().digest_size


class FaissIndexDataset(SealedFileDataset[faiss.Index]):
    """Loads and saves a FAISS index in FAISS' own format, followed by its SHA-256.

    FAISS trusts what it reads: damaged bytes can crash the process or ask for any amount of
    memory. Parameters are those of `SealedFileDataset`.

    Examples
    --------
    .. code-block:: yaml

        retrieval_index:
          type: metallmix_kedro.datasets.faiss_index.FaissIndexDataset
          filepath: data/06_models/retrieval_index.faiss
          versioned: true
    """

    KIND = "a FAISS index"
    MADE_BY = "retrieval"

    def _pack(self, data: faiss.Index) -> bytes:
        body: bytes = faiss.serialize_index(data).tobytes()
        return body + _trailer(body)

    def _unpack(self, content: bytes) -> faiss.Index | None:
        body, trailer = content[:-_TRAILER_LENGTH], content[-_TRAILER_LENGTH:]
        if trailer != _trailer(body):
            return None
        try:
            return faiss.deserialize_index(np.frombuffer(body, dtype=np.uint8))
        except RuntimeError as error:
            raise ValueError(f"the installed faiss {faiss.__version__} cannot read it") from error


def _trailer(body: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(body).digest()
