"""Pictures of pages for the gallery: ``python -m tests.dse.report.page.pictures GRID LAYERS OUT``.

GRID is the folder of a sweep, LAYERS that of a per-layer search. Beside their pages stands that of
100,000 points, made up but for their costs, whose study is in ``reports/made-up`` meanwhile.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser

from dse.report.page import write_page
from tests.dse.report.page.browser import chromium, painted
from tests.dse.report.page.many_points import make_many

_LOOKS = (("light", 1280), ("dark", 1280), ("light", 800), ("dark", 800))
_COLOURS = 256
_MADE_UP = Path("reports/made-up")


def main(grid: Path, layers: Path, out: Path) -> None:
    """Write the pictures into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, TemporaryDirectory() as place:
        many = make_many(_MADE_UP, 100_000)
        for study, looks in ((grid, _LOOKS), (layers, _LOOKS[1:3]), (many, _LOOKS[:1])):
            file = write_page(study, Path(place, f"{study.name}.html")).file
            name = study.name
            for scheme, width in looks:
                _take(browser, file, out / f"{name}-{scheme}-{width}.png", scheme, width)

    shutil.rmtree(_MADE_UP)


def _take(browser: Browser, file: Path, picture: Path, scheme: str, width: int) -> None:
    """Photograph a page with a point of its front opened, in few colours: the files are kept."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.focus("#scatter")
    for key in ("Home", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    painted(page)
    page.screenshot(path=picture, full_page=True)
    page.close()
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3)
    small.save(picture, optimize=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
