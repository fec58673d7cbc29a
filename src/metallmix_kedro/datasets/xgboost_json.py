"""An XGBoost model as a versioned dataset, in XGBoost's own JSON."""

import hashlib

from metallmix_kedro.datasets.sealed_file import SealedFileDataset
from metallmix_kedro.support import xgboost


class XGBoostJSONDataset(SealedFileDataset[xgboost.Booster]):
    """Loads and saves a Booster as JSON: readable, stable between XGBoost releases, no pickle.

    XGBoost trusts what it reads: a damaged number can crash the process. So the object's first
    key is the SHA-256 of all the rest. XGBoost itself passes over that key, so
    ``Booster.load_model`` reads the file too. The same model gives the same bytes. Parameters are
    those of `SealedFileDataset`.

    Examples
    --------
    .. code-block:: yaml

        score_model:
          type: metallmix_kedro.datasets.xgboost_json.XGBoostJSONDataset
          filepath: data/06_models/score_model.json
          versioned: true
    """

    KIND = "an XGBoost model"
    MADE_BY = "meta_learning"

    def _pack(self, data: xgboost.Booster) -> bytes:
        body = bytes(data.save_raw("json"))
        return _head(body) + body[1:]

    def _unpack(self, content: bytes) -> xgboost.Booster | None:
        head, body = content[:_HEAD_LENGTH], b"{" + content[_HEAD_LENGTH:]
        if head != _head(body):
            return None
        model = xgboost.Booster()
        try:
            model.load_model(bytearray(body))
        except xgboost.core.XGBoostError as error:
            raise ValueError(
                f"the installed xgboost {xgboost.__version__} cannot read it"
            ) from error
        return model


def _head(body: bytes) -> bytes:
    """Return what stands in place of the body's opening brace."""
    return b'{"sha256":"%s",' % hashlib.sha256(body).hexdigest().encode()


_HEAD_LENGTH = len(_head(b""))
