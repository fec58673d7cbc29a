"""A quick start: nothing is done before the first node that no node needs.

Measured by ``benchmarks/recommendation_start.py``.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from kedro.framework.hooks import hook_impl

_USUAL = gc.get_threshold()


def postpone_garbage_collection() -> None:
    """Collect hardly ever, until the first node is about to run.

    Importing what a run needs makes hundreds of thousands of objects, all of which stay. Python
    looks through them again and again for garbage, for a fifth of a recommendation's time.
    """
    gc.set_threshold(200_000, 20, 20)


class StartupHooks:
    """Ends the start-up: from the first node on, garbage is collected as usual."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Set what was imported aside for good, and collect as usual again."""
        gc.freeze()
        gc.set_threshold(*_USUAL)


class _Alone(Loader):
    """Runs a module's code while another module cannot be imported."""

    def __init__(self, loader: Any, without: str) -> None:
        self._loader = loader
        self._without = without

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        modules: dict[str, Any] = sys.modules
        modules[self._without] = None  # where a None stands, an import raises ImportError
        try:
            self._loader.exec_module(module)
        finally:
            del modules[self._without]


class _XGBoostFinder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != "xgboost" or "sklearn" in sys.modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Alone(spec.loader, without="sklearn")
        return spec


@contextmanager
def xgboost_without_scikit_learn() -> Iterator[None]:
    """Let XGBoost, if it is imported in the meantime, do as if scikit-learn were not installed.

    XGBoost imports scikit-learn where it finds it, to offer estimators in its style. We use its own
    interface only, as in the base install, which has no scikit-learn. Importing scikit-learn
    oneself is not affected. Meant for a process of our own: estimators such as ``XGBRegressor``
    stay unusable in it.
    """
    finder = _XGBoostFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
