"""The README stays one screen or two, and no link of the documentation leads nowhere."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("data/**/*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
LONGEST = 120
"""Lines of a README that is read to its end."""


def anchors(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{link} in {page.relative_to(ROOT)}"
        if anchor:
            assert anchor in anchors(there), f"{link} in {page.relative_to(ROOT)}"


def test_notebooks_keep_two_pictures_and_no_other_output() -> None:
    books = [json.loads(path.read_text("utf-8")) for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
    outputs = [out for book in books for cell in book["cells"] for out in cell.get("outputs", [])]
    assert len(books) == 3
    assert [sorted(out["data"]) for out in outputs] == [["image/png", "text/plain"]] * 2
