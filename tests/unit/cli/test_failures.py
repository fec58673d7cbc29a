import pytest
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError
from omegaconf.errors import InterpolationKeyError

from metallmix_kedro.cli.failures import explain
from metallmix_kedro.support.errors import ArtifactError, InputError, MissingExtraError


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "title", "said"),
    [
        (InputError("/x is empty. Add images."), "Input error", "/x is empty"),
        (ArtifactError("model.json is cut"), "A stored file cannot be used", "is cut"),
        (MissingExtraError("shap", "learn"), "An optional package is missing", '".[learn]"'),
        (DatasetError("Did not find any versions for history"), "A dataset", "any versions"),
        (ParameterValidationError("k"), "A parameter cannot be used", "k"),
        (FileNotFoundError(2, "No such file", "/a.csv"), "A file cannot", "/a.csv"),
        (ModuleNotFoundError("No module named 'shap.plots'"), "An optional package", '".[learn]"'),
        (ModuleNotFoundError("No module named 'other'"), "An optional package", "other"),
        (DatasetError("No module named 'matplotlib'. Please"), "An optional", '".[learn]"'),
        (ValueError("Pipeline contains no nodes after all"), "No step is left", "no nodes"),
    ],
)
def test_an_error_of_the_user_is_said_in_words(error, title, said):
    failure = explain(error)
    assert failure.title.startswith(title)
    assert said in failure.message


def test_the_projects_own_words_are_preferred_to_what_wraps_them():
    error = raised(DatasetError("Failed while loading"), ArtifactError("index.faiss is truncated"))
    assert explain(error).message == "index.faiss is truncated"


def test_a_dollar_that_means_itself_is_told_how_to_write_it():
    failure = explain(InterpolationKeyError("Interpolation key 'x' not found"))
    assert r"\${" in failure.mend


def test_a_datasets_error_comes_with_a_mend():
    assert "--load-versions" in explain(DatasetError("none")).mend


def test_what_was_not_learned_for_an_objective_comes_with_the_command_that_learns_it():
    where = "/project/data/06_models/macro_f1/score_model.json"
    failure = explain(
        DatasetError(f"score_model: Did not find any versions for J(filepath='{where}')")
    )
    assert failure.mend.endswith(
        "kedro run --pipelines=meta_learning,explainability,retrieval --params=objective=macro_f1"
    )


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), KeyError("x"), ValueError("x"), TypeError()]
)
def test_a_bug_keeps_its_traceback(error):
    assert explain(error) is None
