"""Versioned files that carry a checksum, for libraries that trust what they read.

Neither Kedro's datasets nor FAISS and XGBoost themselves check what they read.
"""

from abc import abstractmethod
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Generic, TypeVar

from kedro.io.core import AbstractVersionedDataset, DatasetError, Version

from metallmix_kedro.support import whole_file

T = TypeVar("T")


class SealedFileDataset(AbstractVersionedDataset[T, T], Generic[T]):
    """Base of datasets whose library can crash on damaged bytes.

    A checksum goes with the bytes, and nothing reaches the library that does not agree with it.
    The file appears whole or not at all.

    Parameters
    ----------
    filepath : str
        Local path of the file.
    version : Version, optional
        Set by Kedro for a catalog entry with ``versioned: true``.
    metadata : dict, optional
        Ignored by Kedro, read by its plugins.
    """

    KIND: ClassVar[str]
    """What the file holds, in words, with its article."""
    MADE_BY: ClassVar[str]
    """The pipeline that makes the file anew."""

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    @abstractmethod
    def _pack(self, data: T) -> bytes:
        """Turn the object into its library's own bytes, and join their checksum to them."""

    @abstractmethod
    def _unpack(self, content: bytes) -> T | None:
        """Read what `_pack` wrote; None if the checksum does not agree.

        Raises
        ------
        ValueError
            If the installed version of the library cannot read it; the message names it.
        """

    def load(self) -> T:
        """Read the file.

        Raises
        ------
        DatasetError
            If the file cannot be read, was not written by this class, or is damaged.
        """
        path = Path(self._get_load_path())
        again = f"make it again with: kedro run --pipelines={self.MADE_BY}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DatasetError(f"Cannot read {path}, {self.KIND}: {error}") from error
        try:
            data = self._unpack(content)
        except ValueError as error:
            raise DatasetError(f"{path} is whole, but {error}; {again}") from error
        if data is None:
            raise DatasetError(
                f"{path} is not {self.KIND} of this project, or it is damaged (its checksum"
                f" does not agree). Restore the file, or {again}"
            )
        return data

    def save(self, data: T) -> None:
        """Write the file beside its place, then move it there."""
        content = self._pack(data)
        with whole_file(Path(self._get_save_path())) as file:
            file.write(content)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}
