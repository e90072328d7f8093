"""What the command line prints: for people, for programs, and never for the terminal itself."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from maildaemon.adapters.sql.lines import TimerLine
from maildaemon.cli.new_file import safe_name
from maildaemon.cli.output import (
    ago,
    local,
    plain,
    plain_text,
    put_facts,
    put_json,
    put_table,
    span,
)
from maildaemon.cli.threads import to_come
from maildaemon.cli.values import Past
from maildaemon.cli.words import KINDS, REASONS, SECTIONS, SILENCES
from maildaemon.domain.attachments import Reason
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.timers import TimerKind

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 大 👨‍👩‍👧", "Größe 大 👨‍👩‍👧"),
        ("a\u00a0b", "a b"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u009b31m", "\\x9b31m"),
        ("x\u202egnp.exe", "x\\u202egnp.exe"),
        ("one\r\ntwo", "one\\x0d\\x0atwo"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_text_from_mail_is_harmless_on_a_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_text_of_several_lines_keeps_its_lines() -> None:
    assert plain_text("one\r\n\ttwo\x07\n\nfour") == "one\n    two\\x07\n\nfour"


def test_json_is_one_ascii_line_with_instants_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"at": AT.astimezone(), "text": "ü\u2028\x1b"})

    line = capsys.readouterr().out
    assert line.isascii()
    assert line.count("\n") == 1
    assert json.loads(line) == {"at": "2026-11-21T10:00:00+00:00", "text": "ü\u2028\x1b"}


def test_columns_line_up_whatever_the_width_of_the_letters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_table(("ID", "SUBJECT", "TO"), [(1, "大大", None), (22, "a\nb", "x")])

    assert capsys.readouterr().out == (
        "ID  SUBJECT  TO\n"
        "1   大大     -\n"
        "22  a\\x0ab   x\n"
    )  # fmt: skip


def test_an_empty_listing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(("ID",), [])

    assert capsys.readouterr().out == "nothing to list\n"


def test_facts_that_are_not_known_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    put_facts([("a", 1), ("b", None), ("long", True), ("long", [])])

    assert capsys.readouterr().out == "a     1\nlong  yes\n      -\n"


def test_time_is_told_roughly() -> None:
    assert [span(timedelta(seconds=n)) for n in (5, 130, 7300, 200_000)] == [
        "5 s",
        "2 min",
        "2 h",
        "2 days",
    ]
    assert ago(AT, AT + timedelta(minutes=5)) == "5 min ago"
    assert ago(AT, AT - timedelta(minutes=5)) == "in 5 min"
    assert ago(None, AT) == "never"


def test_an_instant_is_told_in_local_time_with_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        for zone, shown in (("Europe/Rome", "11:00 CET"), ("America/New_York", "05:00 EST")):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert local(AT) == f"2026-11-21 {shown}"
            # Whatever stands in a Date: what no zone can express is told in UTC.
            assert local(datetime(1, 1, 1, tzinfo=UTC))
            assert local(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)).startswith("9999")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_every_code_has_its_words() -> None:
    assert set(KINDS) == set(Kind)
    assert set(SILENCES) == set(Silence)
    assert set(REASONS) == set(Reason)
    assert set(SECTIONS) == set(Section)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a:b|c?.txt", "a_b_c_.txt"),
        ("x\u202egnp.exe", "x_gnp.exe"),
        ("a\x00b.pdf. ", "a_b.pdf"),
        ("ü" * 300 + ".pdf", "ü" * 73 + ".pdf"),
    ],
)
def test_a_customers_file_name_means_nothing_to_a_file_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_of_a_muted_thread_it_is_said_that_its_customer_will_get_nothing() -> None:
    armed = (TimerKind.FOLLOW_UP, TimerKind.RESOLVE)
    timers = [TimerLine(kind, AT, AT, "armed", None, None) for kind in armed]
    timers.append(TimerLine(TimerKind.WARNING, AT, AT, "fired", AT, "told anna"))

    def lines(muted_until: datetime | None) -> list[str]:
        return [line.partition(": ")[2] for line in to_come(timers, muted_until)]

    assert lines(None) == ["the customer is reminded", "it is taken as settled"]
    assert lines(AT + timedelta(days=1)) == [
        "the customer is reminded (not while it is muted)",
        "it is taken as settled",
    ]


@pytest.mark.parametrize(("given", "ago"), [("12h", 12), ("30d", 30 * 24), ("8w", 8 * 7 * 24)])
def test_how_far_back_is_written_as_people_say_it(given: str, ago: int) -> None:
    found = Past().convert(given, None, None)

    assert abs(datetime.now(UTC) - timedelta(hours=ago) - found) < timedelta(minutes=1)
    assert Past().convert("2026-11-01T00:00+00:00", None, None).month == 11
