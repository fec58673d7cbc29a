"""An XGBoost model as a versioned dataset, in XGBoost's own JSON."""

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import xgboost
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version


class XGBoostJSONDataset(AbstractVersionedDataset[xgboost.Booster, xgboost.Booster]):
    """Loads and saves a Booster as JSON: readable, stable between XGBoost releases, no pickle.

    XGBoost trusts what it reads: a damaged number can crash the process. So the object's first
    key is the SHA-256 of all the rest, and nothing reaches XGBoost that does not agree with it.
    XGBoost itself passes over that key, so ``Booster.load_model`` reads the file too. The same
    model gives the same bytes, and the file appears whole or not at all.

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

        score_model:
          type: metallmix_kedro.datasets.xgboost_json.XGBoostJSONDataset
          filepath: data/06_models/score_model.json
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

    def load(self) -> xgboost.Booster:
        """Read the model.

        Raises
        ------
        DatasetError
            If the file cannot be read, was not written by this class, or is damaged.
        """
        path = Path(self._get_load_path())
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DatasetError(f"Cannot read the XGBoost model {path}: {error}") from error
        head, body = content[:_HEAD_LENGTH], b"{" + content[_HEAD_LENGTH:]
        if head != _head(body):
            raise DatasetError(
                f"{path} is not an XGBoost model of this project, or it is damaged (its checksum"
                " does not agree). Restore the file, or fit the model again with:"
                " kedro run --pipelines=meta_learning"
            )
        model = xgboost.Booster()
        try:
            model.load_model(bytearray(body))
        except xgboost.core.XGBoostError as error:
            raise DatasetError(
                f"{path} is whole, but the installed xgboost {xgboost.__version__} cannot read it."
                " Fit the model again with: kedro run --pipelines=meta_learning"
            ) from error
        return model

    def save(self, data: xgboost.Booster) -> None:
        """Write the model beside its place, then move it there."""
        path = Path(self._get_save_path())
        body = bytes(data.save_raw("json"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            written = Path(file.name)
            try:
                file.write(_head(body) + body[1:])
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


def _head(body: bytes) -> bytes:
    """Return what stands in place of the body's opening brace."""
    return b'{"sha256":"%s",' % hashlib.sha256(body).hexdigest().encode()


_HEAD_LENGTH = len(_head(b""))
