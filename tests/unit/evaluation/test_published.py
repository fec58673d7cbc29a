from pathlib import Path

import pandas as pd
import pytest

from metallmix_kedro.evaluation.published import published_reference
from metallmix_kedro.support.errors import ArtifactError

RAW = Path(__file__).parents[3] / "data" / "01_raw"


@pytest.fixture
def outcomes() -> pd.DataFrame:
    return pd.read_csv(RAW / "published_outcomes.csv")


@pytest.fixture
def methods() -> pd.DataFrame:
    return pd.read_csv(RAW / "published_methods.csv")


def test_shipped_methods_equal_the_reference_table(methods):
    reference = RAW.parents[2] / "shared" / "paper" / "table3.csv"
    if not reference.exists():
        pytest.skip("the reference table is not beside the repository")
    pd.testing.assert_frame_equal(methods, pd.read_csv(reference))


def test_no_single_language_model_beats_random_search_on_average(outcomes, methods):
    """The known facts about the paper's tables come out of ours."""
    table = published_reference(outcomes, methods).set_index("method")
    llms = table[table["selection"] == "one fixed LLM"]
    assert len(llms) == 9
    assert llms["mean_accuracy"].max().round(3) == 0.861
    assert table.loc["Random Search", "mean_accuracy"].round(3) == 0.866
    assert table.loc["Bayesian Opt.", "mean_accuracy"].round(3) == 0.881
    assert table.loc["MetaLLMiX (Ours)", "selection"] == "best of nine LLMs after the test"
    assert set(table["n_datasets"]) == {8}


def test_missing_column_names_the_file(outcomes, methods):
    with pytest.raises(ArtifactError, match=r"published_methods.*cv_accuracy"):
        published_reference(outcomes, methods.drop(columns="cv_accuracy"))
    with pytest.raises(ArtifactError, match=r"published_outcomes.*completeness"):
        published_reference(outcomes.drop(columns="completeness"), methods)
