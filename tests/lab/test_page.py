"""The page of recorded experiments."""

from pathlib import Path

from lab import EXPERIMENTS
from lab.page import PAGE, PageFlags, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_that_of_the_recorded_results():
    flags = PageFlags(results=ROOT / "results" / "lab", docs=ROOT / "docs")
    assert (ROOT / "docs" / PAGE).read_text(encoding="utf-8") == page(flags)


def test_recorded_results_are_of_experiments():
    assert {path.stem for path in (ROOT / "results" / "lab").glob("*.json")} <= set(EXPERIMENTS)
