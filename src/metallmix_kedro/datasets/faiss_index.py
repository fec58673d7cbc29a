"""A FAISS index as a versioned dataset."""

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import faiss
import numpy as np
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version

_MAGIC = b"MMXFAISS"
_TRAILER_LENGTH = len(_MAGIC) + hashlib.sha256().digest_size


class FaissIndexDataset(AbstractVersionedDataset[faiss.Index, faiss.Index]):
    """Loads and saves a FAISS index in FAISS' own format, followed by a checksum.

    FAISS trusts what it reads: damaged bytes can crash the process or ask for any amount of
    memory. So the SHA-256 of the index follows it in the file, and nothing reaches FAISS that
    does not agree with it. The file appears whole or not at all.

    Parameters
    ----------
    filepath : str
        Local path of the file.
    version : Version, optional
        Set by Kedro for a catalog entry with ``versioned: true``.
    metadata : dict, optional
        Ignored by Kedro, read by its plugins.

    Examples
    --------
    .. code-block:: yaml

        retrieval_index:
          type: metallmix_kedro.datasets.faiss_index.FaissIndexDataset
          filepath: data/06_models/retrieval_index.faiss
          versioned: true
    """

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> faiss.Index:
        """Read the index.

        Raises
        ------
        DatasetError
            If the file cannot be read, was not written by this class, or is damaged.
        """
        path = Path(self._get_load_path())
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DatasetError(f"Cannot read the FAISS index {path}: {error}") from error
        body, trailer = content[:-_TRAILER_LENGTH], content[-_TRAILER_LENGTH:]
        if trailer != _trailer(body):
            raise DatasetError(
                f"{path} is not a FAISS index of this project, or it is damaged (its checksum"
                " does not agree). Restore the file, or build it again with:"
                " kedro run --pipelines=retrieval"
            )
        try:
            return faiss.deserialize_index(np.frombuffer(body, dtype=np.uint8))
        except RuntimeError as error:
            raise DatasetError(
                f"{path} is whole, but the installed faiss {faiss.__version__} cannot read it."
                " Build it again with: kedro run --pipelines=retrieval"
            ) from error

    def save(self, data: faiss.Index) -> None:
        """Write the index beside its place, then move it there."""
        path = Path(self._get_save_path())
        body = faiss.serialize_index(data).tobytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            written = Path(file.name)
            try:
                file.write(body + _trailer(body))
                file.close()
                written.chmod(0o644)  # a temporary file is its owner's alone
                written.replace(path)
            except BaseException:
                written.unlink(missing_ok=True)
                raise

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


def _trailer(body: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(body).digest()
