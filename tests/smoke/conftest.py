"""A browser that looks at what was made."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1600,1100",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start a browser without a window; it must be given what it shows."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("chromium or chromedriver is not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.implicitly_wait(20)
    yield driver
    # A picture to look at, for people; written only where one is asked for.
    if os.environ.get("VIZ_SCREENSHOT"):
        driver.save_screenshot(str(Path(os.environ["VIZ_SCREENSHOT"])))
    driver.quit()
