import subprocess
import sys

import pytest

IMPORTS = """
import sys
assert not {"xgboost", "sklearn"} & set(sys.modules)
%s
print("sklearn" in sys.modules)
import numpy
data = xgboost.DMatrix(numpy.eye(4), label=numpy.arange(4))
print(xgboost.train({"max_depth": 1}, data, 2).predict(data).shape)
import sklearn.linear_model
print(sklearn.linear_model.Ridge().fit(numpy.eye(2), [0, 1]).n_features_in_)
"""


@pytest.mark.parametrize(
    ("imported", "brought"),
    [
        ("from metallmix_kedro.support.xgboost_alone import xgboost", "False"),
        ("import xgboost", "True"),
    ],
)
def test_xgboost_comes_without_scikit_learn_and_both_work(imported, brought):
    command = [sys.executable, "-c", IMPORTS % imported]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == [brought, "(4,)", "2"]


def test_a_process_that_has_scikit_learn_keeps_it():
    code = (
        "import sklearn\n"
        "from metallmix_kedro.support.xgboost_alone import xgboost\n"
        "assert xgboost.XGBRegressor(n_estimators=3).n_estimators == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
