"""XGBoost, imported without scikit-learn; everybody else takes it from here (ruff sees to that).

Where scikit-learn is installed, XGBoost imports it to offer estimators in its style, which nobody
here uses: as much processor time as all else that a recommendation imports. A None in
``sys.modules`` is Python's own way to say that a module cannot be imported; XGBoost then does
without, as in the base install. Estimators such as ``XGBRegressor`` stay unusable.
"""

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_hidden = _modules.setdefault("sklearn", None) is None
import xgboost  # noqa: E402, TID251 (the one place where it is imported)

if _hidden:
    del _modules["sklearn"]

__all__ = ["xgboost"]
