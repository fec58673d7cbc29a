import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from metallmix_kedro.surrogate import MetaLearningParameters

CONF = Path(__file__).parents[3] / "conf/base/parameters/meta_learning.yml"


def test_the_shipped_parameters_are_the_defaults_written_out():
    values = yaml.safe_load(CONF.read_text())["meta_learning"]
    values["seed"] = 42
    parameters = MetaLearningParameters.model_validate(values)
    # Which datasets share images is known of the shipped history alone.
    groups = parameters.overlapping
    assert parameters == MetaLearningParameters(overlapping=groups)
    assert len(frozenset().union(*groups)) == sum(map(len, groups))
    assert set(values) == set(MetaLearningParameters.model_fields)


def test_groups_are_written_out_in_the_same_order_by_every_process():
    names = [f"set_{letter}" for letter in "hgfedcba"]
    written = MetaLearningParameters(overlapping=(names,)).model_dump(mode="json")
    assert written["overlapping"] == [sorted(names)]


@pytest.mark.parametrize(
    "values",
    [
        {"interval_level": 1.0},
        {"published_weight": -0.1},
        {"n_threads": 0},
        {"max_folds": 2},
        {"seed": -1},
        {"score_model": {"n_rounds": 0}},
        {"score_model": {"eta": 0}},
        {"time_model": {"max_depth": 100}},
        {"time_model": {"depth": 4}},
        {"unknown": 1},
    ],
)
def test_out_of_range_and_unknown_values_are_refused(values):
    with pytest.raises(ValidationError):
        MetaLearningParameters.model_validate(values)


def test_the_parameters_import_without_xgboost():
    code = "import sys, metallmix_kedro.surrogate; print('xgboost' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
