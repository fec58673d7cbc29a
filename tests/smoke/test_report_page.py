"""The report, opened in a browser: it answers to the mouse, and fetches nothing."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests import made_recommendation as made

pytestmark = pytest.mark.slow

SHOWN = ".hoverlayer .hovertext"


@pytest.fixture(scope="module")
def report(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(made.page(made.recommendation()), encoding="utf-8")
    browser.get(path.as_uri())
    browser.find_element("css selector", "#pareto .scatterlayer .points path")
    return browser


def texts(reference: str) -> list[str]:
    """Return what a named dot tells."""
    dots = made.figures(made.recommendation())["pareto"]["data"][0]["customdata"]
    return next([unescape(text) for text in row] for row in dots if row[-1] == reference)


def point_at(report: Any, element: Any) -> None:
    chains = pytest.importorskip("selenium.webdriver.common.action_chains")
    report.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    chains.ActionChains(report).move_to_element(element).perform()


def test_pointing_at_a_dot_tells_its_configuration_and_marks_its_row(report: Any) -> None:
    rings = report.find_elements(
        "css selector", "#pareto .scatterlayer .trace:nth-of-type(3) .points path"
    )
    assert len(rings) == len(made.evidence().candidates)
    point_at(report, rings[0])
    label = report.find_element("css selector", "#pareto " + SHOWN).text
    for text in texts("C1")[:-1]:
        assert text in label
    pointed = report.find_elements("css selector", "#pointed td")
    assert [cell.text for cell in pointed][1:] == texts("C1")[:-1]
    assert report.find_element("css selector", "tr.near").get_attribute("data-ref") == "C1"


def test_a_row_shows_its_dot(report: Any) -> None:
    point_at(report, report.find_element("css selector", "tr[data-ref='C2']"))
    assert texts("C2")[9] in report.find_element("css selector", "#pareto " + SHOWN).text


@pytest.mark.parametrize(
    ("plot", "marks"), [("intervals", ".points path"), ("attributions", ".barlayer .point")]
)
def test_the_other_pictures_answer_too(report: Any, plot: str, marks: str) -> None:
    point_at(report, report.find_element("css selector", f"#{plot} {marks}"))
    assert report.find_element("css selector", f"#{plot} {SHOWN}").text


def test_nothing_is_fetched_and_nothing_refused(report: Any) -> None:
    fetched = report.execute_script(
        "return performance.getEntriesByType('resource').map((one) => one.name)"
    )
    assert fetched == []
    assert report.get_log("browser") == []


def test_it_fits_a_phone(report: Any) -> None:
    phone = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    report.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    support = pytest.importorskip("selenium.webdriver.support.ui")
    try:
        support.WebDriverWait(report, 20).until(
            lambda driver: driver.find_element("css selector", ".main-svg").size["width"] <= 390
        )
        assert report.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        report.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
