import base64
import hashlib
import json
import re

import pytest

from dse.report.page.payload import payload
from dse.report.page.render import json_for_html, render
from dse.search.store import Store

HOSTILE = "</script><!--<script>&\u2028\u2029]]>"


@pytest.fixture(scope="module")
def content(study_folder):
    with Store.open_readonly(study_folder) as store:
        return payload(store, study_folder)


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_json_says_the_same_and_ends_nothing():
    text = json_for_html({HOSTILE: [HOSTILE, 1.5, None]})
    assert json.loads(text) == {HOSTILE: [HOSTILE, 1.5, None]}
    assert not set(text) & set("<>&\u2028\u2029")


def test_json_refuses_what_browsers_cannot_read():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_html([float("nan")])


def test_the_policy_names_every_script_and_style_and_nothing_else(content):
    page = render(content)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert rules["script-src"].split() == [digest(script) for script in scripts]
    assert rules["style-src"] == digest(style)
    assert rules["default-src"] == "'none'"


def test_nothing_is_named_that_lies_outside_the_file(content):
    page = render(content)
    assert not re.search(r"https?://|//\w|\bsrc=|\bhref=|url\(|@import", re.sub(r"// .*", "", page))
    assert not re.search(r"\son\w+=", page)
    assert "innerHTML" not in page


def test_names_in_the_head_are_text(content):
    page = render(content | {"model": HOSTILE, "data": "a&b"})
    (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title == "&lt;/script&gt;&lt;!--&lt;script&gt;&amp;\u2028\u2029]]&gt; on a&amp;b"
