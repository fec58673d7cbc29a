from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from metallmix_kedro.evaluation.parameters import EvaluationParameters

SHIPPED = Path(__file__).parents[3] / "conf" / "base" / "parameters" / "evaluation.yml"


def test_shipped_values_are_the_defaults():
    text = SHIPPED.read_text(encoding="utf-8").replace("${globals:seed}", "42")
    found = EvaluationParameters(**yaml.safe_load(text)["evaluation"])
    # Which datasets are held back is known of the shipped history alone.
    assert found == EvaluationParameters(held_back=found.held_back)
    assert len(set(found.held_back)) == len(found.held_back)


@pytest.mark.parametrize(
    "bad",
    [
        {"methods": ["oracle"]},
        {"methods": []},
        {"methods": ["surrogate", "surrogate"]},
        {"source": "published"},
        {"n_trials": 0},
        {"n_trials": 3, "n_initial": 5},
        {"level": 1.0},
        {"min_trials": 1},
        {"n_seeds": 3},
        {"protocols": []},
        {"protocols": ["leave_one_modality_out"]},
        {"protocols": ["leave_one_dataset_out", "leave_one_dataset_out"]},
        {"protocols": ["leave_one_dataset_out", "leave_one_backbone_out"]},
    ],
)
def test_bad_values_are_refused(bad):
    with pytest.raises(ValidationError):
        EvaluationParameters(**bad)
