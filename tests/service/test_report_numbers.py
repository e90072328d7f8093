"""`maildaemon report`: right numbers from real records, and a page that is safe to open."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters import clock
from maildaemon.cli import main
from maildaemon.domain.policy import Mode
from tests.service.shop import EXE, Shop, a_mail
from tests.unit.test_settings import MINIMAL

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
EVIL = '"><script>alert(1)</script>\u202e'


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.at = BEGIN
    opened.round()
    yield opened
    opened.close()


def ask(shop: Shop, name: str, subject: str = "Where is order 123456?", **more: Any) -> None:
    sender, message_id = f"{name}@customer.example", f"{name}@customer.example"
    shop.write(a_mail(subject=subject, sender=sender, message_id=message_id, date=shop.at, **more))
    shop.round()


def answer(shop: Shop, name: str) -> None:
    to = {"sender": "support@shop.example", "to": f"{name}@customer.example"}
    more: dict[str, Any] = {**to, "message_id": f"a-{name}@shop.example", "date": shop.at}
    shop.write(a_mail("Here.", In_Reply_To=f"<{name}@customer.example>", **more), "Sent")
    shop.round()


def a_month(shop: Shop) -> None:
    """Two are answered, after 2 and 30 hours; one waits; one has a refused file and an evil mind;
    a newsletter comes.
    """
    ask(shop, "anna")
    ask(shop, "bob", "Where is order 654321?")
    shop.wait(hours=2)
    answer(shop, "anna")
    shop.wait(hours=28)
    answer(shop, "bob")
    ask(shop, "clara", "Size of a ring")
    ask(shop, "eve", EVIL, files=(("tool.exe", "application/octet-stream", EXE),))
    shop.write(a_mail("News!", sender="n@news.example", Precedence="bulk", date=shop.at))
    shop.round()
    shop.wait(hours=1)


Report = Callable[..., str]


@pytest.fixture
def report(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Report:
    config = shop.folder / "maildaemon.yaml"
    url = shop.sql.engine.url.render_as_string(hide_password=False)
    config.write_text(MINIMAL.replace("sqlite:///var/maildaemon.db", url))
    monkeypatch.setattr(clock, "utc_now", shop.now)

    def run(*arguments: object) -> str:
        with pytest.raises(SystemExit) as end:
            main(["--config", str(config), "report", *map(str, arguments)])
        captured = capfd.readouterr()
        assert end.value.code == 0, captured.err
        return captured.out

    return run


@pytest.mark.postgresql
def test_the_numbers_are_those_of_the_records(shop: Shop, report: Report) -> None:
    a_month(shop)

    found = json.loads(report("--json"))

    assert found["since"] == "2026-09-01T00:00:00+00:00"
    assert found["conversations"] == 4
    # What is kept at the moment of the answer is what is counted from the mails.
    kept = "select first_reply_seconds from thread where answered_at is not null order by id"
    assert shop.rows(kept) == [(2 * 3600,), (30 * 3600,)]
    first = found["first_replies"]
    assert {**first, "steps": [one for one in first["steps"] if one["count"]]} == {
        "answered": 2,
        "settled": 0,
        "waiting": 2,
        "median_seconds": 16 * 3600,
        "nine_in_ten_seconds": 30 * 3600,
        "share_in_time": None,
        "steps": [{"name": "1 to 4 hours", "count": 1}, {"name": "1 to 2 days", "count": 1}],
    }
    assert found["silences"] == {"bulk": 1}
    assert found["refused"] == {"extension_blocked": 1}
    assert [(one["month"], one["conversations"]) for one in found["months"]] == [("2026-11", 4)]
    assert found["months"][0]["questions"] == [{"question": "where is order …?", "count": 2}]
    assert {one["what"]: one["sent"] for one in found["mails"]} == {
        "acknowledgement": 3,
        "acknowledgement + refused_files": 1,
    }
    assert found["waiting"][0]["subject"] == "Size of a ring"
    assert "customer.example" not in json.dumps(found)


def test_a_month_and_a_beginning_may_be_named(shop: Shop, report: Report) -> None:
    a_month(shop)

    assert json.loads(report("--month", "2026-10", "--json"))["conversations"] == 0
    later = (BEGIN + timedelta(hours=20)).isoformat()
    assert json.loads(report("--since", later, "--json"))["conversations"] == 2


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_tells_the_same_runs_nothing_and_loads_nothing(shop: Shop, report: Report) -> None:
    a_month(shop)

    text = report()
    page = Page(text)

    assert not {"script", "img", "link", "iframe", "object", "form"} & set(page.tags)
    assert not {"src", "href", "style", "onload", "onclick"} & page.attributes.keys()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert page.attributes["content"][0] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    said = " ".join(" ".join(page.words).split())
    assert "Half of the replies took less than 16 h, nine in ten less than 1 day 6 h." in said
    assert "<script>alert(1)</script>" in said
    assert "\u202e" not in said
    assert "customer.example" not in text
    # Every bar stands in a row that says the same in words.
    assert page.tags.count("svg") == page.attributes["aria-hidden"].count("true")
    assert page.tags.count("caption") == page.tags.count("table")


@pytest.mark.postgresql
def test_the_page_is_written_into_a_file_beside_the_numbers(shop: Shop, report: Report) -> None:
    page = shop.folder / "report.html"

    found = json.loads(report("-o", page, "--json"))

    assert found["conversations"] == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "Nobody is waiting." in page.read_text()


def test_in_a_rehearsal_what_would_be_sent_is_counted_apart(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shadow", mode=Mode.SHADOW)
    shop.at = BEGIN
    shop.round()
    ask(shop, "anna")

    with shop.store.read() as tx:
        from maildaemon.adapters.sql.listings import listings_in

        chronicle = listings_in(tx).chronicle(
            shop.desk.mailbox_id, shop.policy, BEGIN, shop.at + timedelta(days=1), shop.at
        )

    assert [(one.what, one.sent, one.shadow) for one in chronicle.mails] == [
        ("acknowledgement", 0, 1)
    ]
    shop.close()
