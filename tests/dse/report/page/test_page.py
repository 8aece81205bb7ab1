"""Pages in a browser: what they show is what the study holds, and nothing in it runs."""

import io
import json
import re

import pytest
from PIL import Image

from dse.report import read_findings
from dse.report.page import write_page
from dse.search.schema import DB_NAME
from dse.search.store import Store
from dse.selection import FAMILY_NAMES, front_of
from tests.dse.conftest import make_study, synthetic_settings
from tests.dse.report.page.browser import painted
from tests.dse.report.page.many_points import make_many
from tests.dse.search.edited import edited

pytestmark = pytest.mark.tool("chromium")
HOSTILE = "</script><script>window.ran=1</script><img src=x onerror=window.ran=1>_%#$&{}\\"


@pytest.fixture(scope="session")
def layers_study_folder(tmp_path_factory):
    """A study whose points have formats of their own in every layer."""
    return make_many(tmp_path_factory.mktemp("layers"), 300)


@pytest.fixture
def copied(tmp_path):
    """Return a study changed by SQL statements with their parameters."""

    def copy(folder, *statements):
        target = tmp_path / "study"
        target.mkdir()
        (target / DB_NAME).write_bytes((folder / DB_NAME).read_bytes())
        with edited(target) as database:
            for statement in statements:
                database.execute(*statement)
        return target

    return copy


def front_shown(page):
    buttons = page.locator("#table button").all()
    return [button.get_attribute("data-point") for button in buttons]


def starts(digests):
    return [digest[:12] for digest in digests]


def evaluations_of(folder):
    with Store.open_readonly(folder) as store:
        return store.evaluations()


def corner(page):
    """Return the colour that the plot's left lower corner has on the screen."""
    box = page.locator("#scatter").bounding_box()
    place = {"x": box["x"] + 2, "y": box["y"] + box["height"] - 4, "width": 1, "height": 1}
    with Image.open(io.BytesIO(page.screenshot(clip=place))) as image:
        return image.convert("RGB").getpixel((0, 0))


class TestFront:
    @pytest.mark.parametrize(
        "study",
        [
            "study_folder", "dsp_study_folder", "recipes_study_folder", "partial_study_folder",
            "trained_study_folder", "layers_study_folder",
        ],
    )  # fmt: skip
    def test_it_is_the_one_of_the_report(self, opened, request, study):
        folder = request.getfixturevalue(study)
        page = opened(folder)
        assert front_shown(page) == starts(read_findings(folder).front["digest"])

    @pytest.mark.parametrize(
        ("x", "y"), [("weight_kib", "val_top1_pct"), ("ff", "test_top1_pct"), ("lut", "bram18")]
    )
    def test_it_follows_the_axes(self, opened, study_folder, evaluations, x, y):
        page = opened(study_folder)
        page.get_by_label("x axis", exact=True).select_option(x)
        page.get_by_label("y axis", exact=True).select_option(y)
        assert set(front_shown(page)) == set(starts(front_of(evaluations, (x, y))["digest"]))

    def test_it_is_of_the_points_that_pass(self, opened, study_folder, evaluations):
        page = opened(study_folder)
        page.get_by_label(re.compile(r"^integer \d")).uncheck()
        painted(page)
        rest = evaluations[
            (evaluations["weight_family"] != "int") | (evaluations["act_family"] != "int")
        ]
        assert front_shown(page) == starts(front_of(rest, ("lut", "test_top1_pct"))["digest"])
        assert page.inner_text("#kept").startswith(f"{len(rest)} of 121 points shown")
        page.get_by_text("Show all points").click()
        painted(page)
        assert page.inner_text("#kept").startswith("121 of 121 points shown")

    def test_of_each_pair_the_best_recipe_stands_unless_told_otherwise(
        self, opened, recipes_study_folder
    ):
        page = opened(recipes_study_folder)
        n_all = len(evaluations_of(recipes_study_folder))
        n_best = len(read_findings(recipes_study_folder).points)
        assert page.inner_text("#kept").startswith(f"{n_best} of {n_all} points shown")
        page.get_by_label("only the recipe").uncheck()
        painted(page)
        assert page.inner_text("#kept").startswith(f"{n_all} of {n_all} points shown")


class TestWords:
    def test_families_are_called_what_reports_call_them(self, opened, study_folder):
        page = opened(study_folder)
        boxes = page.locator("label:has(input[data-column=family])").all_inner_texts()
        assert [text.rsplit(" ", 1)[0] for text in boxes] == list(FAMILY_NAMES.values())
        page.locator("#table button").first.click()
        assert "mixed" not in page.inner_text("body")


class TestKeyboard:
    def test_the_front_is_walked_and_a_point_opened(self, opened, study_folder):
        page = opened(study_folder)
        front = front_shown(page)
        page.focus("#scatter")
        for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
            page.keyboard.press(key)
        assert f"2 of {len(front)} on the front" in page.inner_text("#spoken")
        assert front[1] in page.inner_text("#tip")
        page.keyboard.press("Enter")
        assert front[1] in page.inner_text("#details")
        assert page.evaluate("document.activeElement.id") == "details-title"

    def test_every_control_is_reached_by_tab(self, opened, study_folder):
        page = opened(study_folder)
        wanted = page.evaluate(
            "[...document.querySelectorAll('button, select, input, summary, [tabindex=\"0\"]')]"
            ".filter(e => !e.disabled && e.checkVisibility()).length"
        )
        for _ in range(wanted):
            page.keyboard.press("Tab")
            page.evaluate("document.activeElement.dataset.reached = 1")
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring == "solid"
        assert page.locator("[data-reached]").count() == wanted

    def test_a_range_is_brushed_and_freed(self, opened, study_folder, evaluations):
        page = opened(study_folder)
        page.get_by_role("slider", name="greatest LUT", exact=True).focus()
        for _ in range(5):
            page.keyboard.press("PageDown")
            painted(page)
        limit = float(page.evaluate("document.activeElement.getAttribute('aria-valuenow')"))
        n_below = int((evaluations["lut"] <= limit).sum())
        assert 0 < n_below < 121
        assert page.inner_text("#kept").startswith(f"{n_below} of 121")
        page.keyboard.press("Delete")
        painted(page)
        assert page.inner_text("#kept").startswith("121 of 121")


class TestMouse:
    def test_dragging_along_an_axis_brushes_it(self, opened, study_folder, evaluations):
        page = opened(study_folder)
        page.locator("#parallel").scroll_into_view_if_needed()
        top, bottom = (
            page.get_by_role("slider", name=f"{end} LUT", exact=True).bounding_box()
            for end in ("greatest", "least")
        )
        x, middle = top["x"] + top["width"] / 2, (top["y"] + bottom["y"]) / 2
        page.mouse.move(x, middle)
        page.mouse.down()
        page.mouse.move(x, bottom["y"] + 12, steps=4)
        page.mouse.up()
        painted(page)
        slider = page.get_by_role("slider", name="greatest LUT", exact=True)
        limit = float(slider.get_attribute("aria-valuenow"))
        n_below = int((evaluations["lut"] <= limit).sum())
        assert 0 < n_below < 121
        assert page.inner_text("#kept").startswith(f"{n_below} of 121")

    def test_pointing_shows_the_whole_point_and_a_click_opens_it(self, opened, study_folder):
        page = opened(study_folder)
        first = front_shown(page)[0]
        page.focus("#scatter")
        page.keyboard.press("Home")
        x = page.locator("#tip").bounding_box()["x"] - 16
        plot = page.locator("#scatter").bounding_box()
        for y in range(int(plot["y"]) + 30, int(plot["y"] + plot["height"]) - 44, 4):
            page.mouse.move(x, y)
            if page.is_visible("#tip") and first in page.inner_text("#tip"):
                break
        tip = page.inner_text("#tip")
        for label in (first, "LUT", "FF", "test top-1 [%]", "weights [KiB]", "estimated"):
            assert label in tip
        page.mouse.click(x, y)
        assert first in page.inner_text("#details")

    def test_a_rectangle_magnifies_and_all_is_shown_again(self, opened, study_folder):
        page = opened(study_folder)
        box = page.locator("#scatter").bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 200, steps=3)
        page.mouse.up()
        whole = page.get_by_role("button", name="All", exact=True)
        assert whole.is_enabled()
        whole.click()
        assert whole.is_disabled()


class TestDetails:
    @pytest.mark.parametrize("study", ["study_folder", "layers_study_folder"])
    def test_they_hold_what_the_study_holds(self, opened, request, study):
        folder = request.getfixturevalue(study)
        page = opened(folder)
        row = read_findings(folder).front.iloc[1]
        page.locator("#table button").nth(1).click()
        text = page.inner_text("#details")
        assert f"bitfront export {folder} --point {row['digest'][:12]} --out model.onnx" in text
        assert (
            "bitfront build model.onnx --board alveo-u250 --fold model.foldings.json --out build"
            in text
        )
        page.get_by_label("board").select_option("kv260")
        assert "--board kv260" in page.inner_text("#details")
        with Store.open_readonly(folder) as store:
            layers = store.point(row["digest"]).scheme.layers
        shown = [cells.split("\t") for cells in page.locator("#details tbody tr").all_inner_texts()]
        for layer, cells in zip(layers, shown, strict=False):
            assert cells[:3] == [layer.layer, layer.weight.name, layer.act.name]
        total = page.locator("#details tfoot tr").inner_text().split("\t")
        expected = [row["lut"], row["ff"], row["dsp"], row["bram18"]]
        assert [int(cell.replace("\u202f", "")) for cell in total[1:5]] == expected
        assert f"measured on {row['n_test']} test images" in text
        assert "estimated by the cost model (analytical" in text

    def test_a_network_with_a_host_has_no_commands_and_says_why(self, opened, partial_study_folder):
        page = opened(partial_study_folder)
        page.locator("#table button").first.click()
        text = page.inner_text("#details")
        assert "LayerNorm has no RTL" in text
        assert "bitfront build" not in text
        assert "No costs of layers: a host computes a part" in text


class TestLook:
    def test_dark_where_the_reader_wants_it(self, opened, study_folder):
        page = opened(study_folder)
        assert corner(page) == (255, 255, 255)
        page.emulate_media(color_scheme="dark")
        painted(page)
        assert max(corner(page)) < 60

    @pytest.mark.parametrize("width", [800, 1280])
    def test_nothing_is_wider_than_the_window(self, opened, layers_study_folder, width):
        page = opened(layers_study_folder)
        page.set_viewport_size({"width": width, "height": 900})
        page.locator("#table button").first.click()
        painted(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


class TestBadInput:
    def test_names_are_shown_and_run_nothing(self, opened, copied, study_folder, tmp_path):
        with Store.open_readonly(study_folder) as store:
            plain = json.loads(store.header.to_json())
        plain["settings"] |= {"model": HOSTILE, "data": HOSTILE}
        layer = json.dumps(HOSTILE)[1:-1]
        reason = [("key", HOSTILE, 3, 50.0, 0.1, 1)]
        study = copied(
            study_folder,
            ("UPDATE header SET json = ?", (json.dumps(plain),)),
            ("UPDATE points SET recipe = ?, point = replace(point, 'fc2', ?)", (HOSTILE, layer)),
            ("UPDATE points SET accuracy_key = 'key' WHERE position = 0",),
            ("INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?, NULL)", *reason),
        )
        page = opened(study)
        page.locator("#table button").first.click()
        painted(page)
        assert page.title() == f"{HOSTILE} on {HOSTILE}"
        for place in ("#title", "#details-title", "#details", "#ended-table"):
            assert HOSTILE in page.inner_text(place)
        assert page.evaluate("window.ran") is None
        assert page.locator("img").count() == 0

    def test_what_is_put_into_the_page_later_does_not_run(self, opened, study_folder, browser):
        """The policy refuses scripts that are not the page's own, not only our care with text."""
        file = opened(study_folder).url
        with browser.new_context(offline=True) as context:
            page = context.new_page()
            page.goto(file)
            page.evaluate(
                "document.body.insertAdjacentHTML('beforeend',"
                ' \'<img src=data:, onerror="window.ran=1"><iframe srcdoc="x"></iframe>\');'
                "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                "document.body.append(s)"
            )
            painted(page)
            assert page.evaluate("window.ran") is None

    def test_a_study_without_evaluations_says_so(self, opened, empty_study_folder):
        page = opened(empty_study_folder)
        assert "No point of this study is evaluated yet" in page.inner_text("#empty")
        assert "121 are still to be evaluated" in page.inner_text("#summary")
        assert not page.is_visible("#study-view")

    def test_one_point(self, opened, tmp_path):
        one = synthetic_settings(
            weights=synthetic_settings().weights[:1], acts=synthetic_settings().acts[:1]
        )
        page = opened(make_study(tmp_path / "one", one))
        assert page.inner_text("#kept") == "1 of 1 points shown, 1 on the front"
        page.focus("#scatter")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert "On the front" in page.inner_text("#details")
        page.get_by_text("Magnify the front").click()
        painted(page)

    def test_points_that_all_ended_are_listed_with_their_reasons(
        self, opened, copied, study_folder
    ):
        study = copied(
            study_folder,
            (
                "INSERT INTO ended SELECT accuracy_key, 'sure to be dominated', 500, 71.5, 0.1, 1, "
                "NULL FROM accuracy",
            ),
            ("DELETE FROM accuracy",),
        )
        page = opened(study)
        assert "No point of this study has an accuracy" in page.inner_text("#empty")
        assert page.locator("#ended-table tbody tr").count() == 121
        assert "sure to be dominated" in page.inner_text("#ended-table")

    def test_points_without_a_number_are_drawn_where_they_have_one(
        self, opened, copied, study_folder
    ):
        study = copied(
            study_folder,
            ("UPDATE cost SET ff = NULL WHERE cost_key IN (SELECT cost_key FROM cost LIMIT 7)",),
        )
        page = opened(study)
        assert front_shown(page) == starts(read_findings(study).front["digest"])
        page.get_by_label("x axis", exact=True).select_option("ff")
        painted(page)
        assert page.locator("#table button").count() > 0


def test_many_points_are_all_there(opened, tmp_path):
    folder = make_many(tmp_path / "many", 5200)
    page = opened(folder)
    assert page.inner_text("#kept").startswith("5\u202f200 of 5\u202f200 points shown")
    assert front_shown(page) == starts(read_findings(folder).front["digest"])


def test_the_same_study_gives_the_same_bytes(study_folder, tmp_path):
    pages = [write_page(study_folder, tmp_path / name).file for name in ("a.html", "b.html")]
    assert pages[0].read_bytes() == pages[1].read_bytes()
