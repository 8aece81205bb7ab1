"""A browser for all tests of pages, and pages that must neither complain nor ask for anything."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dse.report.page import write_page
from tests.dse.report.page.browser import chromium, painted


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Write the page of a study and open it from disk."""
    complaints: list[str] = []
    asked: set[str] = set()
    with browser.new_context(viewport={"width": 1280, "height": 900}, offline=True) as context:

        def open_page(study: Path) -> Page:
            file = write_page(study, tmp_path / "page.html").file
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: asked.add(request.url))
            page.goto(file.as_uri())
            painted(page)
            return page

        yield open_page
    assert complaints == []
    assert asked <= {(tmp_path / "page.html").as_uri()}
