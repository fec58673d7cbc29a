"""What of a project is run, as it was typed: a name that does not exist is told with the nearest.

Kedro says that there is no such node, tag or dataset in a traceback.
"""

import inspect
import os
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
import kedro.runner
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from metallmix_kedro.support import ParameterError

MAX_LISTED = 30
"""Names that a message lists where none is near."""


def check_selection(pipelines: Sequence[str], **options: Any) -> None:
    """Refuse names that the pipelines do not have, before anything runs.

    Parameters
    ----------
    pipelines : sequence of str
        Asked for; none stands for what a plain run does.
    **options
        Those of ``kedro run``.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        Naming each option's offence and the nearest name.
    """
    _check_runner(options["runner"], options["runner_params"])
    if not any(options[name] for name in _NAMED_BY):
        return
    whole = _asked(pipelines)
    for option, named in _NAMED_BY.items():
        known = sorted(named(whole))
        for name in options[option] or ():
            if name not in known:
                meant = _nearest(name, known)
                if not _near(name, known) and (near := _near(name, sorted(named(_every())))):
                    meant = f" Did you mean {near}, of another pipeline (--pipelines)?"
                spelled = "nodes" if option == "node_names" else option.replace("_", "-")
                where = ", ".join(pipelines) or "a plain kedro run"
                raise ParameterError(f"--{spelled}: {where} has no '{name}'.{meant}")


def existing_environment(env: str | None, conf: Path) -> str | None:
    """Return the environment to run in: ``base`` where the usual ``local`` has no folder.

    ``conf/local`` is everybody's own, so a copy of ``conf`` may come without it.

    Raises
    ------
    metallmix_kedro.support.errors.ParameterError
        If the one that was asked for has no folder; the nearest is named.
    """
    if not conf.is_dir():  # an address; Kedro reads that
        return env
    if env is None:
        return None if os.environ.get("KEDRO_ENV") or (conf / "local").is_dir() else "base"
    if not (conf / env).is_dir():
        known = sorted(entry.name for entry in conf.iterdir() if entry.is_dir())
        raise ParameterError(f"There is no environment '{env}' in {conf}.{_nearest(env, known)}")
    return env


def guarded(check: Callable[..., Any]) -> Callable[..., Any]:
    """Return an option's own check, saying what is wrong as click does."""

    def guarded_check(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return check(context, parameter, value)
        except (click.BadParameter, click.exceptions.Exit):
            raise
        except Exception as error:
            why = str(error.args[0]) if error.args else type(error).__name__
            said = f"{value!r} cannot be used ({why})."
            raise click.BadParameter(said, context, parameter) from None

    return guarded_check


def _node_names(whole: Pipeline) -> set[str]:
    return {node.name for node in whole.nodes}


_NAMED_BY: dict[str, Callable[[Pipeline], Collection[str]]] = {
    "tags": lambda whole: {tag for node in whole.nodes for tag in node.tags},
    "node_names": _node_names,
    "from_nodes": _node_names,
    "to_nodes": _node_names,
    "from_inputs": lambda whole: whole.datasets(),
    "to_outputs": lambda whole: whole.all_outputs(),
    "namespaces": lambda whole: {node.namespace for node in whole.nodes if node.namespace},
    "load_versions": lambda whole: whole.datasets(),
}


def _asked(names: Sequence[str]) -> Pipeline:
    from kedro.framework.project import pipelines

    pipelines.set_requested(list(names) or None)
    return sum((pipelines[name] for name in names or ["__default__"]), Pipeline([]))


def _every() -> Pipeline:
    from kedro.framework.project import pipelines

    pipelines.set_requested(None)
    return sum(pipelines.values(), Pipeline([]))


def _near(name: str, known: Sequence[str]) -> str | None:
    """Return which name was meant: also one whose last part it is, or nearly."""
    last = {one.rpartition(".")[2]: one for one in known}
    near = get_close_matches(name, [*last, *known], n=1)
    return last.get(near[0], near[0]) if near else None


def _nearest(name: str, known: Sequence[str]) -> str:
    """Say which name was meant, or which there are."""
    if near := _near(name, known):
        return f" Did you mean {near}?"
    more = ", ..." if len(known) > MAX_LISTED else ""
    return f" There are: {', '.join(known[:MAX_LISTED])}{more}." if known else " There are none."


def _check_runner(runner: str | None, parameters: dict[str, Any] | None) -> None:
    try:
        chosen = load_obj(runner or "SequentialRunner", "kedro.runner")
    except (AttributeError, ImportError, ValueError) as error:
        near = _nearest(str(runner), [name for name in dir(kedro.runner) if name[0].isupper()])
        raise ParameterError(f"--runner: there is no runner '{runner}'.{near}") from error
    known = list(inspect.signature(chosen).parameters)
    for name in parameters or ():
        if name not in known:
            raise ParameterError(
                f"--runner-params: {chosen.__name__} has no '{name}'.{_nearest(name, known)}"
            )
