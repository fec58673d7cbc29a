"""``kedro run``: Kedro's own, with examples in its help and errors one can read."""

import copy
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS
from kedro.framework.project import LOGGING
from kedro.utils import find_kedro_project

from metallmix_kedro.all_parameters import schema
from metallmix_kedro.cli.conf_archive import unpacked
from metallmix_kedro.cli.errors import readable_errors, verbose_option
from metallmix_kedro.cli.parameter_option import (
    merged,
    params_file_option,
    read_parameter_file,
    split_parameters,
)
from metallmix_kedro.cli.selection import check_selection, existing_environment, guarded
from metallmix_kedro.pipeline_registry import check_names
from metallmix_kedro.support import as_typed

_run_by_kedro: Callable[..., Any] = kedro_run.callback


def _run(
    verbose: bool,
    params_file: Path | None,
    params: dict[str, Any],
    pipeline: str | None,
    pipelines: list[str],
    **options: Any,
) -> None:
    """Run one or more pipelines; without a name, all that a recommendation needs, and that.

    \b
    Recommend a configuration for the example target that ships with the project,
    for your images (a folder with one sub-folder a class), or for a dataset card;
    of other data than images too, in an environment that declares them (docs/tabular.md):
      kedro run --pipelines=recommendation
      kedro run --pipelines=recommendation --params=target.path=/my/images
      kedro run --pipelines=recommendation --params=target.card=/my/card.yml

    \b
    By another metric than the accuracy, or among some backbones only:
      kedro run --pipelines=recommendation --params=objective=macro_f1
      kedro run --pipelines=recommendation --params="recommendation.backbones=[Xception,ResNet50]"

    \b
    The same without an LLM, or with another one:
      kedro run --pipelines=recommendation --params=recommendation.llm.provider=none
      kedro run --pipelines=recommendation --params=recommendation.llm.model=qwen3:8b

    \b
    Train what is recommended, to classify new images with it (see "kedro classify --help"):
      kedro run --pipelines=recommendation,training --params=target.path=/my/images

    \b
    From older versions of what it reads:
      kedro run --pipelines=recommendation --load-versions=NAME:VERSION

    \b
    Measure trials of your own (hours), then learn from them:
      kedro run --pipelines=experiment_grid
      kedro run --pipelines=meta_learning,explainability,retrieval

    \b
    Compare it with other methods (minutes):
      kedro run --pipelines=evaluation

    Relative paths in --params start where you are, those in conf/ at the project (docs/running.md).
    Every run leaves a record: "kedro runs" lists them, and "kedro replay RUN_ID" repeats a
    recommendation and says whether it comes out byte for byte the same.
    """  # noqa: D301 (click takes it as the help)
    # --pipeline is the older spelling of the same: Kedro would only add a warning to it.
    pipelines = list(dict.fromkeys([*pipelines, *([pipeline] if pipeline else [])]))
    with readable_errors(verbose):
        options["conf_source"] = unpacked(options["conf_source"])
        conf = Path(options["conf_source"] or _project() / "conf")
        _talk_as_in(conf)
        options["env"] = existing_environment(options["env"], conf)
        check_names(pipelines)
        check_selection(pipelines, **options)
        typed = as_typed(
            merged(read_parameter_file(params_file), params), schema(), Path.cwd(), _project()
        )
        _run_by_kedro(pipeline=None, pipelines=pipelines, params=typed, **options)


def _talk_as_in(conf: Path) -> None:
    """Have the log say what it says in the project's folder: Kedro looks for its settings there."""
    settings = conf / "logging.yml"
    if (
        Path.cwd() != conf.parent
        and "KEDRO_LOGGING_CONFIG" not in os.environ
        and settings.is_file()
    ):
        LOGGING.configure(yaml.safe_load(settings.read_text(encoding="utf-8")))


def _project() -> Path:
    """Find the project's folder as Kedro does: here or above."""
    return find_kedro_project(Path.cwd()) or Path.cwd()


def _ours(option: click.Parameter) -> click.Parameter:
    """Return a copy of an option of Kedro's; ``--params`` is read as `split_parameters` says."""
    ours = copy.copy(option)
    if option.name == "params":
        ours.callback = split_parameters
    elif option.callback is not None:
        ours.callback = guarded(option.callback)
    return ours


run = verbose_option(
    params_file_option(
        click.Command(
            "run",
            params=[_ours(option) for option in kedro_run.params],
            callback=_run,
            help=inspect.getdoc(_run),
            short_help="Run pipelines, for example: kedro run --pipelines=recommendation",
            context_settings=CONTEXT_SETTINGS,
        )
    )
)
