"""Debian's Chromium, driven by Playwright: for tests, measurements and pictures."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from hw_models.tools import find

_PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, without a window."""
    # Chromium refuses to run as root in its sandbox, and containers often run as root
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find("chromium").path), args=arguments
        )
        yield browser
        browser.close()


def painted(page: Page) -> None:
    """Wait until what has changed is drawn."""
    page.evaluate(_PAINTED)
