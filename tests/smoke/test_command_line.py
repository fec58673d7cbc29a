"""The commands as a user types them, each in a process of its own."""

import json
import subprocess
import sys
import tarfile
import tomllib
from importlib.metadata import EntryPoint

import pytest

from metallmix_kedro.support import need_working_folder
from tests.workspace import PROJECT, Workspace

RECOMMEND = ("run", "--pipelines=recommendation", "--params=recommendation.llm.provider=none")

IN_THE_SAME_PROCESS = """
import atexit, sys
atexit.register(lambda: print("MODULES", *sorted(sys.modules), file=sys.stderr))
from kedro.framework.cli import main
sys.argv = ["kedro", *{arguments!r}]
main()
"""


def test_a_recommendation_ends_with_a_summary_and_where_the_files_lie(fabricated: Workspace):
    done = fabricated.kedro(*RECOMMEND)
    assert done.returncode == 0, done.stderr
    recommendation = json.loads(
        fabricated.latest("07_model_output/recommendation.json").read_text()
    )
    words = done.stdout.replace("\n", "")
    assert recommendation["configuration"]["backbone"] in words
    assert "recommendation.json" in words
    assert "recommendation_report.html" in words
    assert "Loading" not in done.stdout  # Kedro's own lines do not drown the summary


def test_the_older_spelling_works_without_a_warning(fabricated: Workspace):
    done = fabricated.kedro("run", "--pipeline=recommendation", RECOMMEND[2])
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stdout + done.stderr


def test_a_recommendation_imports_no_training_library(fabricated: Workspace):
    code = IN_THE_SAME_PROCESS.format(arguments=RECOMMEND)
    done = fabricated.python("-c", code)
    assert done.returncode == 0, done.stderr
    modules = done.stderr.split("MODULES", 1)[1].split()
    packages = {module.split(".")[0] for module in modules}
    assert "xgboost" in packages  # the list is that of the run
    assert not packages & {"tensorflow", "keras", "shap", "skopt", "jax"}
    others = {module for module in modules if module.startswith("metallmix_kedro.pipelines.")}
    assert {module.split(".")[2] for module in others} == {"recommendation"}


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("targt.path=/x", "Did you mean target?"),
        ("recommendation.n_candidates=0", "at least 2"),
        ("recommendation.llm.provider=oracle", "one of auto, ollama, openai, embedded, none"),
        ("retrieval=3", "retrieval = 3"),
        ("objective=f2", "one of accuracy, macro_f1, rarest_class_recall"),
        ("recommendation.max_training_time_s=0", "more than 0"),
        ("recommendation.max_parameters=0", "at least 1"),
    ],
)
def test_a_wrong_parameter_is_refused_before_any_node(workspace: Workspace, parameter, said):
    done = workspace.kedro("run", "--pipelines=recommendation", f"--params={parameter}")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stdout + done.stderr
    assert workspace.records() == []
    assert not (workspace.data / "07_model_output").exists()


def test_limits_are_kept_and_an_imbalanced_target_is_pointed_to_the_rare_classes(
    fabricated: Workspace,
):
    card = fabricated.folder / "rare.yml"
    card.write_text(
        "name: rare\nmodality: CT\nimage_size: [128, 128]\nclass_counts: {usual: 900, rare: 20}\n"
    )
    limits = (
        "recommendation.backbones=[Xception,EfficientNetLite0]"
        ",recommendation.max_parameters=9000000,recommendation.max_training_time_s=3"
    )
    done = fabricated.kedro(*RECOMMEND[:2], f"{RECOMMEND[2]},target.card={card},{limits}")
    assert done.returncode == 0, done.stderr
    written = json.loads(fabricated.latest("07_model_output/recommendation.json").read_text())
    candidates = written["evidence"]["candidates"]
    assert {one["configuration"]["backbone"] for one in candidates} == {"EfficientNetLite0"}
    assert max(one["training_time_s"] for one in candidates) <= 3
    front = {one["configuration"]["backbone"] for one in written["pareto_front"]}
    assert front == {"EfficientNetLite0"}
    assert "limit 3.0 s" in fabricated.latest("07_model_output/pareto_plot.json").read_text()
    said = " ".join(done.stdout.split())
    assert "--params=objective=macro_f1" in said
    assert "--params=objective=rarest_class_recall" in said


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("recommendation.max_training_time_s=0.001", "the fastest takes about"),
        ("recommendation.max_parameters=7", "the smallest that may be chosen is"),
        ("recommendation.backbones=[ResNet999]", "ResNet999"),
        ("objective=macro_f1", "--params=objective=macro_f1"),
    ],
)
def test_what_leaves_nothing_to_recommend_is_one_message_with_a_mend(
    fabricated: Workspace, parameter, said
):
    done = fabricated.kedro(*RECOMMEND[:2], f"{RECOMMEND[2]},{parameter}")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stdout + done.stderr
    assert fabricated.versions("07_model_output/recommendation.json") == []


def test_an_unknown_pipeline_is_refused_with_the_nearest(workspace: Workspace):
    done = workspace.kedro("run", "--pipelines=recomendation")
    assert done.returncode == 1
    assert "Did you mean recommendation?" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_missing_history_is_one_message_and_a_record_of_the_failure(workspace: Workspace):
    done = workspace.kedro(*RECOMMEND)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "No version of 'history' is stored" in done.stderr
    (record,) = workspace.records()
    assert record["status"] == "failed"
    assert record["error"].startswith("DatasetError: history")


def test_verbose_shows_the_traceback(workspace: Workspace):
    done = workspace.kedro(*RECOMMEND, "--verbose")
    assert done.returncode == 1
    assert "Traceback" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["run", "runs", "replay"])
def test_every_command_has_help(workspace: Workspace, command):
    done = workspace.kedro(command, "--help")
    assert done.returncode == 0
    assert "Usage: kedro" in done.stdout


def test_help_teaches_by_examples(workspace: Workspace):
    assert (
        "kedro run --pipelines=recommendation --params=target.path="
        in workspace.kedro("run", "--help").stdout
    )


def test_runs_are_listed_and_the_latest_is_replayed(fabricated: Workspace):
    assert fabricated.kedro(*RECOMMEND).returncode == 0
    run_id = fabricated.records()[-1]["run_id"]
    listed = fabricated.kedro("runs")
    assert listed.returncode == 0, listed.stderr
    assert run_id in listed.stdout
    for arguments in ([], [run_id]):
        replayed = fabricated.kedro("replay", *arguments)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
        assert replayed.stdout.rstrip().endswith("Identical, byte for byte.")


def test_the_archive_that_kedro_package_makes_is_a_configuration(fabricated: Workspace):
    archive = fabricated.folder / "conf-metallmix_kedro.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(fabricated.conf, "conf")
    assert fabricated.kedro(*RECOMMEND).returncode == 0
    path = fabricated.latest("07_model_output/recommendation.json")
    fabricated.conf.rename(fabricated.folder / "nobody-reads-this")
    done = fabricated.python("-m", "metallmix_kedro", *RECOMMEND[1:], f"--conf-source={archive}")
    assert done.returncode == 0, done.stderr
    again = fabricated.latest("07_model_output/recommendation.json")
    assert again != path
    assert again.read_bytes() == path.read_bytes()
    replayed = fabricated.kedro("replay", f"--conf-source={archive}")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_a_working_folder_that_was_removed_is_told(workspace: Workspace):
    command = f'cd "$(mktemp -d)" && rmdir "$PWD" && {sys.executable} -m metallmix_kedro'
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1
    assert "was removed" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    # Kedro's own command calls the same before it looks for a project.
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]
    (first,) = declared["kedro.init"].values()
    assert EntryPoint("", first, "kedro.init").load() is need_working_folder
