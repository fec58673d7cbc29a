import gc
import subprocess
import sys

from metallmix_kedro import startup


def test_garbage_is_collected_as_usual_once_nodes_run():
    before = gc.get_threshold()
    try:
        startup.postpone_garbage_collection()
        assert gc.get_threshold() != startup._USUAL
        startup.StartupHooks().before_pipeline_run()
        assert gc.get_threshold() == startup._USUAL
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_the_usual_is_pythons_own():
    code = "import gc; usual = gc.get_threshold(); import metallmix_kedro.settings\n"
    code += "from metallmix_kedro import startup; assert startup._USUAL == usual"
    subprocess.run([sys.executable, "-c", code], check=True)


IMPORT_XGBOOST = """
import sys
from contextlib import nullcontext
from metallmix_kedro.startup import xgboost_without_scikit_learn
assert not {"xgboost", "sklearn"} & set(sys.modules)
with %s():
    import xgboost
    print("sklearn" in sys.modules)
    import numpy
    data = xgboost.DMatrix(numpy.eye(4), label=numpy.arange(4))
    print(xgboost.train({"max_depth": 1}, data, 2).predict(data).shape)
    import sklearn.linear_model
    print(sklearn.linear_model.Ridge().fit(numpy.eye(2), [0, 1]).n_features_in_)
"""


def _import_xgboost(context: str) -> list[str]:
    code = IMPORT_XGBOOST % context
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:3]


def test_xgboost_comes_without_scikit_learn_and_both_work():
    assert _import_xgboost("xgboost_without_scikit_learn") == ["False", "(4,)", "2"]


def test_xgboost_would_bring_scikit_learn_along():
    assert _import_xgboost("nullcontext") == ["True", "(4,)", "2"]


def test_a_process_that_has_scikit_learn_keeps_it():
    code = (
        "import sklearn\n"
        "from metallmix_kedro.startup import xgboost_without_scikit_learn\n"
        "with xgboost_without_scikit_learn():\n"
        "    import xgboost\n"
        "assert xgboost.XGBRegressor(n_estimators=3).n_estimators == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
