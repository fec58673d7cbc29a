"""The published outcomes as trials."""

from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, configuration_columns, used
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.published import PAPER_DATASETS, published_trials
from metallmix_kedro.history.schema import history_schema
from metallmix_kedro.support.errors import ArtifactError
from tests.declared_space import base_parameters
from tests.fabricated import fabricate_history

REPOSITORY = Path(__file__).parents[3]
SHIPPED = REPOSITORY / "data" / "01_raw" / "published_outcomes.csv"
EMPTY = pd.DataFrame(columns=list(history_columns()))


@pytest.fixture
def outcomes() -> pd.DataFrame:
    return pd.read_csv(SHIPPED)


def test_shipped_outcomes_are_nine_llms_on_eight_datasets(outcomes: pd.DataFrame) -> None:
    assert outcomes.groupby("dataset").size().to_dict() == dict.fromkeys(PAPER_DATASETS, 9)
    assert outcomes["llm"].nunique() == 9


def test_shipped_outcomes_name_their_source() -> None:
    readme = (SHIPPED.parent / "README.md").read_text(encoding="utf-8")
    assert "MetaLLMix" in readme
    assert SHIPPED.name in readme


def test_shipped_outcomes_equal_the_reference_table(outcomes: pd.DataFrame) -> None:
    reference = REPOSITORY.parent / "shared" / "paper" / "llm_comparison.csv"
    if not reference.exists():
        pytest.skip("the reference table is not beside the repository")
    pd.testing.assert_frame_equal(outcomes, pd.read_csv(reference))


def test_rows_satisfy_the_schema_and_invent_no_hyperparameter(outcomes: pd.DataFrame) -> None:
    rows = history_schema().validate(published_trials(outcomes, EMPTY))
    unknown = [name for name in configuration_columns() if name != "backbone"]
    assert rows[unknown].isna().all(axis=None)
    best = rows.set_index("trial_id").loc["published-alzheimer_mri-deepseek-coder:6.7b"]
    assert best["proposer"] == "llm:deepseek-coder:6.7b"
    assert best["backbone"] == "EfficientNetB5"
    assert best["test_accuracy"] == 0.92
    assert best["training_time_s"] == 111.23


def test_unmeasured_dataset_has_what_the_paper_says_and_no_more(outcomes: pd.DataFrame) -> None:
    rows = published_trials(outcomes, EMPTY).set_index("dataset")
    kidney = rows.loc["kidney_ct"].iloc[0]
    assert (kidney["n_instances"], kidney["n_classes"], kidney["modality"]) == (12446, 4, "CT")
    assert rows["class_entropy"].isna().all()


def test_measured_dataset_lends_its_meta_features(outcomes: pd.DataFrame) -> None:
    known = fabricate_history(2, 5).replace({"dataset": {"fabricated_0": "kidney_ct"}})
    twin = known.loc[known["dataset"] == "kidney_ct"].iloc[0]
    rows = published_trials(outcomes, known).set_index("dataset")
    assert (rows.loc["kidney_ct", "class_entropy"] == twin["class_entropy"]).all()
    assert rows.loc["skin_isic", "class_entropy"].isna().all()


def test_foreign_dataset_is_refused(outcomes: pd.DataFrame) -> None:
    with pytest.raises(ArtifactError, match="Mammography"):
        published_trials(outcomes.replace({"dataset": {"Breast": "Mammography"}}), EMPTY)


def test_missing_column_is_named(outcomes: pd.DataFrame) -> None:
    with pytest.raises(ArtifactError, match="selected_model"):
        published_trials(outcomes.drop(columns="selected_model"), EMPTY)


def test_where_no_backbone_is_declared_they_say_nothing(outcomes: pd.DataFrame) -> None:
    base = base_parameters()
    space = {**base["search_space"], "backbone": None}
    with used(Declaration.from_parameters({**base, "search_space": space})):
        rows = published_trials(outcomes, EMPTY.drop(columns="backbone"))
        assert rows.empty
        assert tuple(rows) == history_columns()
