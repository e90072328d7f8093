"""What people look at, in a real browser: with the keyboard, large, narrow, dark, in colours of one's
own; and without a single finding of axe-core.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests import shown
from tests.servers.chromium import Chromium

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# What it cannot tell counts, too, but for the contrast of a sign, which no reader is told.
FINDINGS = """axe.run().then(found => [...found.violations, ...found.incomplete].flatMap(
  rule => rule.nodes.filter(node => !node.html.startsWith('<span aria-hidden="true">'))
    .map(node => `${rule.id}: ${node.html} ${node.failureSummary}`)))"""
# What has the focus, and whether a person sees it: it is in the window, and drawn round.
FOCUS = """(() => { const at = document.activeElement, box = at.getBoundingClientRect();
  return {name: at.innerText, link: at.getAttribute("href"), drawn: getComputedStyle(at).outlineStyle,
    seen: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight}; })()"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A line that nobody can break is cut, or pushes the page apart.
CUT = """[...document.querySelectorAll("body *")].filter(one => one.scrollWidth > one.clientWidth + 1
  && getComputedStyle(one).display !== "inline" && !one.closest("svg")).map(one => one.outerHTML)"""

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as one:
        yield one


@pytest.fixture(params=shown.PAGES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    page = tmp_path / "page.html"
    page.write_text(shown.PAGES[request.param], "utf-8")
    return page.as_uri()


@pytest.mark.parametrize("size", shown.SIZES)
@pytest.mark.parametrize("scheme", shown.SCHEMES)
def test_axe_finds_nothing(browser: Chromium, url: str, scheme: str, size: str) -> None:
    browser.show(url, shown.SIZES[size], prefers_color_scheme=scheme)

    browser.ask(f"{AXE}; 0")

    assert browser.ask(FINDINGS) == []


def test_axe_finds_what_is_wrong(browser: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    broken = shown.PAGES["status with alarms"].replace('<html lang="en">', "<html>")
    page.write_text(broken.replace("--soft: #5a5d66", "--soft: #bbbbbb"), "utf-8")
    browser.show(page.as_uri(), (1000, 900), prefers_color_scheme="light")

    browser.ask(f"{AXE}; 0")

    assert {one.partition(":")[0] for one in browser.ask(FINDINGS)} == {
        *("html-has-lang", "color-contrast")
    }


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_cut_on_the_narrowest_phone_or_at_twice_the_size(
    browser: Chromium, url: str, width: int
) -> None:
    # A window of 1280 pixels at 400 and at 200 per cent.
    browser.show(url, (width, 512))

    assert browser.ask(TOO_WIDE) == 0
    assert browser.ask(CUT) == []


def test_the_key_tab_leads_through_all_links_in_their_order_and_shows_where_it_is(
    browser: Chromium, url: str
) -> None:
    browser.show(url, (1000, 900))
    links: list[str] = browser.ask(
        "[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))"
    )
    reached: list[dict[str, Any]] = []
    for _ in links:
        browser.press_tab()
        reached.append(browser.ask(FOCUS))

    assert [one["link"] for one in reached] == links
    assert [one for one in reached if not one["seen"] or one["drawn"] == "none"] == []


def test_who_has_colours_of_his_own_sees_bars_and_tiles_in_them(
    browser: Chromium, url: str
) -> None:
    browser.show(url, (1000, 900), forced_colors="active")

    ink = browser.ask("getComputedStyle(document.querySelector('h1')).color")
    fills = browser.ask(
        "[...document.querySelectorAll('rect')].map(it => getComputedStyle(it).fill)"
    )
    tiles = browser.ask(
        "[...document.querySelectorAll('dl div')].map(it => getComputedStyle(it).borderTopStyle)"
    )
    assert {*fills} <= {ink}
    assert {*tiles} == {"solid"}


def test_the_pictures_show_the_pages_of_today() -> None:
    kept = {path: shown.page_in(path.read_bytes()) for path in shown.pictures()}

    assert kept == {path: shown.hash_of(page) for path, page in shown.pictures().items()}, (
        "python -m tests.shown"
    )
