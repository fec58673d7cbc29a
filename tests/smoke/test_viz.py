"""The built kedro-viz site, opened in a browser: eight boxes, layers, previews."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from metallmix_kedro.pipeline_registry import NAMES
from tests.unit.test_catalog_conventions import LAYERS
from tests.workspace import Workspace

pytestmark = pytest.mark.slow

PREVIEWED = {
    "surrogate_plot": "img.pipeline-metadata__plot-image",
    "attribution_by_value": ".pipeline-metadata__preview table",
}
"""Datasets whose preview is opened, and the element that shows it."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(
    browser: Any, _fabricated: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Build the site from a workspace with results, and serve it (file:// shows a blank page)."""
    workspace = _fabricated.copy(tmp_path_factory.mktemp("viz") / "workspace")
    workspace.run("recommendation", params={"recommendation": {"llm": {"provider": "none"}}})
    built = workspace.kedro("viz", "build", "--include-previews")
    assert built.returncode == 0, built.stdout + built.stderr
    folder = str(workspace.folder / "build")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def texts(browser: Any, selector: str) -> list[str]:
    """Read the texts of all elements, once they are there and have faded in."""
    support = pytest.importorskip("selenium.webdriver.support.ui")
    exceptions = pytest.importorskip("selenium.common.exceptions")

    def shown(driver: Any) -> list[str] | None:
        found = [element.text for element in driver.find_elements("css selector", selector)]
        return found if found and all(found) else None

    stale = [exceptions.StaleElementReferenceException]
    return list(support.WebDriverWait(browser, 20, ignored_exceptions=stale).until(shown))


@pytest.fixture(scope="module")
def page(browser: Any, site: str) -> Any:
    browser.get(f"{site}/?pid=everything")
    # The tour that kedro-viz opens on a first visit.
    close = browser.find_element("css selector", ".feature-hints__close")
    browser.execute_script("arguments[0].click()", close)
    browser.find_element("css selector", ".pipeline-node--modularPipeline")
    return browser


def test_each_of_the_eight_pipelines_is_a_collapsible_box(page):
    assert sorted(texts(page, ".pipeline-node--modularPipeline")) == sorted(NAMES)


def test_layers_are_on(page):
    assert sorted(texts(page, ".pipeline-layer-name")) == sorted(LAYERS)


@pytest.mark.parametrize(("dataset", "element"), sorted(PREVIEWED.items()))
def test_a_preview_shows(page, dataset, element):
    rows = page.find_elements("css selector", ".row-text--tree")
    row = next(row for row in rows if row.text == dataset)
    page.execute_script("arguments[0].click()", row)
    assert page.find_element("css selector", element).size["height"] > 20


def test_an_opened_box_shows_its_nodes(page, site):
    page.get(f"{site}/?pid=recommendation&expandAllPipelines=true")
    nodes = [name.lower().replace(" ", "_") for name in texts(page, ".pipeline-node--task")]
    assert {"describe_target", "ask_llm", "decide", "report"} <= set(nodes)


def test_the_picture_of_score_and_time_is_drawn(page, site):
    page.get(f"{site}/?pid=recommendation&sn=pareto_plot&expandAllPipelines=true")
    element = ".pipeline-plotly__preview .js-plotly-plot"
    assert page.find_element("css selector", element).size["height"] > 100
