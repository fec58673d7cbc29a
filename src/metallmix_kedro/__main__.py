"""Run the project as ``python -m metallmix_kedro``, with the options of ``kedro run``.

An installed wheel needs no project around it: ``data`` in the folder from where it is run, and the
archive of ``conf`` that ``kedro package`` makes.
"""

from metallmix_kedro.support import forgiving_output, need_working_folder


def main() -> None:
    """Run from inside the project's folder, or from any other with the installed package."""
    here = need_working_folder()
    with forgiving_output():
        # Imported here: Kedro begins to log as soon as it is imported.
        from kedro.framework.project import configure_project
        from kedro.framework.startup import bootstrap_project
        from kedro.utils import find_kedro_project

        from metallmix_kedro.cli.run import run

        project = find_kedro_project(here)
        if project is None:
            configure_project("metallmix_kedro")
        else:
            bootstrap_project(project)
        run()


if __name__ == "__main__":
    main()
