"""Another domain is an environment: boosted trees on tables through the same pipelines."""

import json
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pandas as pd
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from rich.console import Console

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.report.recommendation import Recommendation
from metallmix_kedro.report.terminal import render_summary
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from metallmix_kedro.support.errors import InputError, ParameterError
from tests.workspace import PROJECT, Workspace

HYPERPARAMETERS = [
    "learning_rate",
    "max_iter",
    "max_leaf_nodes",
    "min_samples_leaf",
    "l2_regularization",
    "max_features",
]
OF_IMAGES = re.compile(
    r"\b(image|pixel|px|backbone|network|modalit|epoch|fine-tun|feature extraction|dropout|dense"
    r"|optimi[sz]er|batch|probe|photo|x-ray|imagenet)",
    re.IGNORECASE,
)
SMALL = {
    "meta_learning": {
        "score_model": {"n_rounds": 20, "eta": 0.2},
        "time_model": {"n_rounds": 20, "eta": 0.2},
        "max_folds": 4,
    },
    "evaluation": {
        "n_random_seeds": 3,
        "n_bayesian_seeds": 1,
        "n_trials": 6,
        "n_initial": 3,
        "n_bootstrap": 100,
        "judge": {"provider": "none"},
    },
    "recommendation": {"llm": {"provider": "none"}},
}


def run(made: Workspace, *pipelines: str, tags: list[str] | None = None, **params: Any) -> None:
    made.run(*pipelines, env="tabular", params={**SMALL, **params}, tags=tags)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A new data root with a history that was imported, and what was learned from it."""
    made = Workspace(tmp_path_factory.mktemp("tabular") / "workspace")
    made.set_globals("tabular", data_root="elsewhere")
    made.data = made.folder / "elsewhere"
    shutil.copytree(PROJECT / "data/tabular/01_raw", made.data / "01_raw")
    run(made, "experiment_grid", tags=["import"])
    run(made, "meta_learning", "explainability", "retrieval", "recommendation")
    return made


@pytest.fixture
def declaration(tables: Workspace) -> Iterator[Declaration]:
    """What the environment declares, in force."""
    loader = OmegaConfigLoader(str(tables.conf), env="tabular", **CONFIG_LOADER_ARGS)
    with used(Declaration.from_parameters(loader["parameters"])):
        yield Declaration.from_parameters(loader["parameters"])


def recommended(tables: Workspace) -> dict[str, Any]:
    path = tables.latest("07_model_output/recommendation.json")
    return json.loads(path.read_text(encoding="utf-8"))


def words_of(page: str) -> str:
    """Return what a reader of an HTML page sees."""
    without_code = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", without_code)


def test_the_history_holds_the_declared_columns(tables: Workspace) -> None:
    history = pd.read_parquet(tables.latest("05_model_input/history.parquet"))
    assert len(history) == 960
    assert history["dataset"].nunique() == 16
    assert history[HYPERPARAMETERS].notna().all(axis=None)
    assert {"n_columns", "share_missing"} <= set(history)
    assert not {"backbone", "modality", "image_width", "dropout"} & set(history)


def test_a_configuration_has_the_six_hyperparameters(
    tables: Workspace, declaration: Declaration
) -> None:
    written = recommended(tables)
    assert list(declaration.hyperparameters) == HYPERPARAMETERS
    assert set(written["configuration"]) == set(HYPERPARAMETERS)
    for name, value in written["configuration"].items():
        assert value in declaration.hyperparameters[name].values
    assert set(written["target"]["meta_features"]) == set(declaration.meta_features)
    recommendation = Recommendation.model_validate(written)
    assert len(recommendation.evidence.candidates) == 5
    assert recommendation.evidence.trials
    assert recommendation.evidence.attributions
    assert all(check.supported for check in recommendation.checks)


def test_the_report_says_nothing_of_images(tables: Workspace) -> None:
    path = tables.latest("07_model_output/recommendation_report.html")
    told = words_of(path.read_text(encoding="utf-8"))
    assert "learning rate" in told
    assert "boosting rounds" in told
    assert OF_IMAGES.findall(told) == []


@pytest.mark.usefixtures("declaration")
def test_the_terminal_says_nothing_of_images(tables: Workspace) -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(render_summary(Recommendation.model_validate(recommended(tables)), "a", "b"))
    told = console.export_text()
    assert "example_customer_churn" in told
    assert OF_IMAGES.findall(told) == []


def test_the_json_says_nothing_of_images(tables: Workspace) -> None:
    written = recommended(tables)
    told = json.dumps({key: written[key] for key in set(written) - {"provenance"}})
    assert OF_IMAGES.findall(re.sub(r'"[a-z_0-9]+":', "", told)) == []


def test_attributions_are_of_what_is_declared(tables: Workspace, declaration: Declaration) -> None:
    table = pd.read_parquet(tables.latest("08_reporting/accuracy/attribution_by_value.parquet"))
    declared = {*declaration.hyperparameters, *declaration.meta_features}
    assert set(HYPERPARAMETERS) <= set(table["feature"]) <= declared
    text = tables.latest("08_reporting/accuracy/attribution_text.txt").read_text(encoding="utf-8")
    assert OF_IMAGES.findall(text) == []


def test_methods_are_compared_on_datasets_left_out(tables: Workspace) -> None:
    run(tables, "evaluation")
    folder = tables.data / "08_reporting/evaluation/accuracy"
    methods = yaml.safe_load((PROJECT / "conf/tabular/parameters/evaluation.yml").read_text())
    table = pd.read_csv(folder / "method_table.csv")
    assert set(table["method"]) == set(methods["evaluation"]["methods"])
    by_dataset = pd.read_csv(folder / "dataset_table.csv")
    assert set(by_dataset["protocol"]) == {"leave_one_dataset_out"}
    assert by_dataset["dataset"].nunique() == 16
    page = (folder / "evaluation.md").read_text(encoding="utf-8")
    assert "| Dataset left out |" in page
    assert OF_IMAGES.findall(page) == []


def test_a_card_without_a_meta_feature_is_refused(tables: Workspace) -> None:
    card = yaml.safe_load((tables.data / "01_raw/example_target.yml").read_text())
    del card["meta_features"]["n_columns"]
    (tables.folder / "card.yml").write_text(yaml.safe_dump(card))
    with pytest.raises(InputError, match="missing: n_columns"):
        run(tables, "recommendation", target={"card": "card.yml"})


def test_a_folder_of_images_is_refused(tables: Workspace) -> None:
    with pytest.raises(ParameterError, match=r"target\.path"):
        run(tables, "recommendation", target={"path": "data/01_raw/example_shapes"})
