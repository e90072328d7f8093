"""What the command line prints: for people, for programs, and never for the terminal itself."""

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildaemon.adapters.sql.lines import MailLine, TimerLine
from maildaemon.cli.new_file import safe_name
from maildaemon.cli.outbox import why_in_words
from maildaemon.cli.output import (
    ago,
    ahead,
    local,
    plain,
    plain_text,
    put_facts,
    put_json,
    put_table,
    span,
    success_in_words,
    verdict,
    wrapped,
)
from maildaemon.cli.progress import count_down
from maildaemon.cli.status import due_in_words
from maildaemon.cli.thread_verbs import bare
from maildaemon.cli.threads import to_come
from maildaemon.cli.values import Past
from maildaemon.cli.words import KINDS, REASONS, SECTIONS, SILENCES
from maildaemon.domain.attachments import Reason
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.standing import Account, OutboxStanding
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
    assert ago(AT, AT - timedelta(minutes=5)) == "in 5 min", "noted by a clock that was ahead"
    assert ago(AT, AT - timedelta(seconds=1)) == "0 s ago", "noted while we looked"
    assert ago(None, AT) == "never"
    assert ahead(AT, AT - timedelta(minutes=5)) == "in 5 min"
    assert ahead(AT, AT + timedelta(seconds=5)) == "now"


def test_what_a_process_before_has_achieved_is_told_as_its_own() -> None:
    second = timedelta(seconds=1)
    once = Account(last_success_at=AT - 40 * second)

    def told(account: Account, began_at: datetime | None) -> str:
        return success_in_words(account, began_at, AT)

    assert told(once, None) == told(once, AT - 90 * second) == "40 s ago"
    assert told(once, AT - 12 * second) == "not since the start 12 s ago; before it, 40 s ago"
    assert told(Account(), AT - 12 * second) == "not since the start 12 s ago"
    assert told(Account(), None) == "not yet"


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


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("shown", "written"),
    [(_Screen(), "\r  60 s  \r\r  9 s   \r\r        \r"), (io.StringIO(), "")],
)
def test_what_is_waited_for_is_counted_down_in_one_line_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, shown: io.StringIO, written: str
) -> None:
    monkeypatch.setattr("sys.stderr", shown)

    for left in (59.7, 9.0, None):
        count_down(left)

    assert shown.getvalue() == written


def a_screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Make standard output a terminal of forty columns, without colours."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = _Screen()
    monkeypatch.setattr("sys.stdout", shown)
    return shown


def test_a_line_is_broken_between_words_and_a_path_never(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/a/path/that/is/wider/than/the/terminal/itself"
    a_screen(monkeypatch)

    assert wrapped("short") == "short"
    assert wrapped("  what to do: make one, or name it in the file", 4) == (
        "  what to do: make one, or name it in\n    the file"
    )
    assert wrapped(f"see {path} and so on", 4) == f"see\n    {path}\n    and so on"
    assert wrapped(path) == path
    assert wrapped("大" * 19 + " 大大", 2) == "大" * 19 + "\n  大大"


def test_a_table_breaks_its_wide_cells_and_becomes_lists_where_that_is_too_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = a_screen(monkeypatch)
    rows = [(1, "a bracelet that is broken twice", "open"), (2, "x" * 30, "open")]
    put_table(("ID", "SUBJECT OF THE MAIL", "STATE"), rows, wide=("SUBJECT OF THE MAIL",))
    put_table(("ID", "ADDRESS", "STATE"), [(1, "a" * 40, "open"), (2, "b", "open")])

    assert screen.getvalue() == (
        "ID  SUBJECT OF THE MAIL            STATE\n"
        "1   a bracelet that is broken      open\n"
        "    twice\n"
        f"2   {'x' * 29}  open\n"
        "    x\n"
        f"ID       1\nADDRESS\n         {'a' * 40}\nSTATE    open\n"
        "\n"
        "ID       2\nADDRESS  b\nSTATE    open\n"
    )


@pytest.mark.parametrize(
    ("good", "signs", "words"),
    [(True, "✓", "ok"), (None, "! warning:", "! warning:"), (False, "✗ FAILED:", "FAILED")],
)
def test_what_somebody_must_see_stands_in_words_beside_its_sign(
    monkeypatch: pytest.MonkeyPatch, good: bool | None, signs: str, words: str
) -> None:
    for encoding, said in (("utf-8", signs), ("ascii", words)):
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding))
        assert verdict(good=good) == said


def test_a_reference_is_understood_however_it_is_typed() -> None:
    typed = ("A6AA-48", "[#A6AA-48]", "a6aa48", "a6aa 48", "#a6aa-48")

    assert {bare(one) for one in typed} == {"A6AA-48"}
    assert bare("nothing of ours") == "NOTHING OF OURS"


def test_what_is_due_says_what_it_waits_for() -> None:
    hour = timedelta(minutes=3)
    waits = OutboxStanding(queued=2, due=1, due_since=AT - hour, turn_at=AT + hour)

    assert due_in_words(OutboxStanding(), AT) is None
    assert due_in_words(replace(waits, turn_at=None), AT) == "3 min ago"
    assert due_in_words(waits, AT) == "waits its turn (`limits.per_mailbox`), which comes in 3 min"


def test_of_each_mail_it_is_told_what_comes_next() -> None:
    hour = timedelta(hours=1)
    nothing = dict.fromkeys(MailLine.__dataclass_fields__)
    sent = MailLine(**{**nothing, "why": "accepted"})  # type: ignore[arg-type]
    queued = replace(sent, next_attempt_at=AT + hour, why=None)
    doubtful = replace(queued, uncertain_at=AT - hour, why="waiting for a witness")

    assert why_in_words(sent, AT) == "accepted"
    assert why_in_words(queued, AT) == f"next try {local(AT + hour)}"
    assert why_in_words(queued, AT + hour) == "due: `maildaemon status` says what it waits for"
    assert why_in_words(doubtful, AT) == (
        f"perhaps accepted: looked for in Sent until {local(AT + hour)}; waiting for a witness"
    )
