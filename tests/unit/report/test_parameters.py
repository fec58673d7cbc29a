from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from metallmix_kedro.report.parameters import RecommendationParameters

FILE = Path(__file__).parents[3] / "conf/base/parameters/recommendation.yml"


def stored() -> dict[str, Any]:
    text = FILE.read_text(encoding="utf-8").replace("${globals:seed}", "42")
    return yaml.safe_load(text)["recommendation"]


def test_the_file_says_every_default() -> None:
    assert stored() == RecommendationParameters().model_dump()


@pytest.mark.parametrize(
    "change",
    [
        {"backbones": []},
        {"backbones": "all"},
        {"n_candidates": 1},
        {"n_trials": 0},
        {"high_imbalance": 0.5},
        {"wide_interval": 1.5},
        {"candidates": 5},
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RecommendationParameters.model_validate({**stored(), **change})
