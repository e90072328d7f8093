"""The status page, the metrics and the health: what they tell, to whom, and what they keep back."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from maildaemon.adapters.http import Answer
from maildaemon.adapters.log import veil_for
from maildaemon.adapters.worker import ParseTimes
from maildaemon.cli.metrics import render_metrics
from maildaemon.cli.report_page import STYLE
from maildaemon.cli.site import Site
from maildaemon.cli.status_page import _MORE_STYLE, render_page
from maildaemon.cli.watched import Watched
from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.figures import Sent
from maildaemon.domain.overview import About, Danger, Wait, Waiting
from maildaemon.domain.standing import (
    Account,
    InboundStanding,
    OutboxStanding,
    ProbeStanding,
    Severity,
    Standing,
    Trouble,
)
from tests.service.shop import KEY, Shop, a_mail
from tests.unit.test_settings import MINIMAL, read

pytestmark = pytest.mark.sqlite

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVIL = '"><script>alert(1)</script>'
LATE = Waiting(
    About("K7F3-Q2", "clara@customer.example", "Where is my order?"),
    Wait(NOW - timedelta(days=2), NOW - timedelta(hours=1), Danger.BROKEN),
)
WELL = Watched(
    "support",
    "live",
    Standing(
        started_at=NOW - timedelta(days=9),
        imap=Account(last_success_at=NOW - timedelta(seconds=20)),
        smtp=Account(last_success_at=NOW - timedelta(hours=2)),
        inbound=InboundStanding(waiting=2, oldest_at=NOW - timedelta(minutes=3)),
        outbox=OutboxStanding(queued=3, due=1, due_since=NOW - timedelta(minutes=1), sent=12),
        probe=ProbeStanding(
            NOW - timedelta(minutes=10), 4.0, waiting_since=NOW - timedelta(minutes=1)
        ),
    ),
    (
        Trouble(
            Severity.ATTENTION, "1 file held for a person to look at", "maildaemon attachments list"
        ),
    ),
    (LATE,),
    {"mailing_list": 7, "auto_submitted": 2},
    (Sent("acknowledgement + refused_files", sent=4), Sent("digest", sent=7)),
)
ILL = replace(
    WELL,
    mailbox=f"orders {EVIL}",
    standing=replace(
        WELL.standing,
        imap=Account(refusals=3, last_error="refused", last_success_at=NOW - timedelta(hours=3)),
        brakes=(Braking(Brake.BREAKER, "too many", NOW, None),),
    ),
    troubles=(Trouble(Severity.UNAVAILABLE, f"IMAP: refused {EVIL}", "put it right"),),
)


class Page(HTMLParser):
    """The elements of a page in order, with their attributes; raises on what is not closed."""

    VOID = frozenset({"meta", "br", "rect", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open[-1:]:
            self.words[tag] = self.words.get(tag, "") + data

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


@pytest.fixture(params=["well", "ill"])
def page(request: pytest.FixtureRequest) -> str:
    found = (WELL,) if request.param == "well" else (WELL, ILL)
    return render_page(found, NOW, UTC)


def test_the_page_can_be_read_aloud_and_walked_through_by_keyboard(page: str) -> None:
    parsed = Page(page)

    assert parsed.named("html") == [{"lang": "en"}]
    assert parsed.words["title"].startswith("maildaemon: ")
    assert [tag for tag, _ in parsed.elements if tag in {"header", "main", "footer"}] == [
        *("header", "main", "footer")
    ]
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(parsed.named("caption")) == len(parsed.named("table"))
    assert all(one.get("scope") in {"row", "col"} for one in parsed.named("th"))
    assert all(one.get("aria-hidden") == "true" for one in parsed.named("svg"))
    ids = [str(attrs["id"]) for _, attrs in parsed.elements if "id" in attrs]
    assert len({*ids}) == len(ids)
    links = [str(one["href"]) for one in parsed.named("a")]
    # The first thing that the key Tab reaches leads past the rest.
    assert links[0] == "#mailboxes"
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= {*ids}
    assert not any("tabindex" in attrs for _, attrs in parsed.elements)


def test_the_page_loads_and_runs_nothing(page: str) -> None:
    parsed = Page(page)

    assert parsed.named("script", "img", "link", "iframe", "object", "form") == []
    assert len(parsed.named("style")) == 1
    assert not any(name.startswith("on") for _, attrs in parsed.elements for name in attrs)
    assert not any(name in {"src", "style"} for _, attrs in parsed.elements for name in attrs)
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_tells_no_customer_and_no_subject(page: str) -> None:
    assert "K7F3-Q2" in page
    assert "promise broken" in page
    assert "clara" not in page
    assert "Where is my order" not in page


def test_a_daemon_that_has_not_read_the_mailbox_yet_is_not_called_well_by_what_was_before() -> None:
    begun = replace(WELL, standing=replace(WELL.standing, began_at=NOW - timedelta(seconds=3)))

    young, with_ill = render_page((begun,), NOW, UTC), render_page((begun, ILL), NOW, UTC)

    assert Page(young).words["title"] == "maildaemon: just begun"
    assert "support (not read yet since the start)</h2>" in young
    assert "not since the start 3 s ago; before it, 20 s ago" in young
    assert "well" not in young.partition("<main")[0].partition("<body>")[2]
    assert Page(with_ill).words["title"] == "maildaemon: something is wrong"


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_of_a_text_stands_out_from_its_ground(dark: bool) -> None:
    colours: dict[str, str] = {}
    for style in (STYLE, _MORE_STYLE):
        roots = re.findall(r":root \{([^}]*)\}", style)
        for root in roots if dark else roots[:1]:
            colours |= dict(re.findall(r"--(\w+): (#\w+)", root))

    for ink in ("ink", "soft", "good", "bad"):
        for ground in ("paper", "tile"):
            lighter, darker = sorted(
                (luminance(colours[ink]), luminance(colours[ground])), reverse=True
            )
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{ink} on {ground}"


def test_metrics_are_what_prometheus_reads() -> None:
    parsed = ParseTimes(1234567, 12.5, 2.25)
    lines = render_metrics((WELL, ILL), parsed, NOW).splitlines()

    samples = [line for line in lines if not line.startswith("#")]
    label = r'[a-z_]+="(?:[^"\\\n]|\\.)*"'
    assert all(
        re.fullmatch(rf"maildaemon_[a-z0-9_]+(\{{{label}(,{label})*\}})? [\d.e+]+", one)
        for one in samples
    )
    assert {
        'maildaemon_well{mailbox="support"} 1',
        'maildaemon_last_success_age_seconds{mailbox="support",service="imap"} 20',
        'maildaemon_queue_oldest_seconds{mailbox="support",queue="inbound"} 180',
        'maildaemon_queue_size{mailbox="support",queue="outbox"} 3',
        'maildaemon_waiting_conversations{mailbox="support",promise="broken"} 1',
        'maildaemon_silences_7d{mailbox="support",code="mailing_list"} 7',
        'maildaemon_probe_seconds{mailbox="support"} 4',
        'maildaemon_probe_age_seconds{mailbox="support"} 600',
        'maildaemon_probe_waiting_seconds{mailbox="support"} 60',
        "maildaemon_parsed_messages_total 1234567",
        "maildaemon_parse_seconds_total 12.5",
        "maildaemon_parse_seconds_longest 2.25",
        'maildaemon_well{mailbox="orders \\"><script>alert(1)</script>"} 0',
        'maildaemon_account_stopped{mailbox="orders \\"><script>alert(1)</script>",service="imap"} 1',
    } <= {*samples}
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert {one.partition(" ")[0].partition("{")[0] for one in samples} == {*typed}


def test_the_site_tells_how_it_stands_and_hides_what_the_log_hides(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.start()
    shop.write(a_mail())
    shop.round()
    with shop.sql.begin() as tx:
        account = replace(tx.mailboxes.account(1, "smtp"), last_error="550 no anna@shop.example")
        tx.mailboxes.save_account(1, "smtp", account)
    site = Site(read(MINIMAL), shop.sql, veil_for("domain", KEY), shop.now, ParseTimes)

    def ask(path: str) -> Answer:
        return asyncio.run(site.answer(path))

    page = ask("/")
    assert page.status == 200
    assert "…@shop.example" in page.body
    assert "anna@" not in page.body
    assert "an acknowledgement" in page.body
    health = ask("/healthz")
    found = json.loads(health.body)
    assert (health.status, found["well"]) == (503, False)
    assert found["mailboxes"][0]["mailbox"] == "support"
    assert "anna@" not in health.body
    assert "maildaemon_mails_sent_24h" in ask("/metrics").body
    assert ask("/nothing").status == 404

    shop.close()
    (tmp_path / "mail.db").write_bytes(b"no database")
    shop.wait(minutes=1)
    assert [ask(path).status for path in ("/", "/healthz", "/metrics")] == [503] * 3
