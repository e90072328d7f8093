"""The log: whatever a server or a stranger wrote, it neither ends a line nor steers a terminal."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from maildaemon.adapters.log import set_up_log
from maildaemon.services.desk import log

# ESC and BEL, C1's CSI, DEL, NUL, line ends of every kind, what turns the direction of a text.
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \x9b31m \x7f \x00 \r\n\v\f\x85\u2028\u2029 \u202eexe\u2066"
_STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def _leave_the_log_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("maildaemon")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before


def written(*, json_lines: bool, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_log(json_lines=json_lines, level=level, stream=stream)
    return stream


@pytest.mark.parametrize("json_lines", [True, False])
def test_s22_a_fact_stays_on_its_line_and_steers_no_terminal(*, json_lines: bool) -> None:
    stream = written(json_lines=json_lines)

    log("message.parked", error=HOSTILE)

    line, end = stream.getvalue()[:-1], stream.getvalue()[-1]
    assert end == "\n"
    assert "message.parked" in line
    assert "red" in line
    assert line.isprintable()


@pytest.mark.parametrize("json_lines", [True, False])
def test_s22_what_a_library_says_is_cleaned_as_well(*, json_lines: bool) -> None:
    stream = written(json_lines=json_lines)

    logging.getLogger("imapclient").warning("the server said %s", HOSTILE)

    assert stream.getvalue()[:-1].isprintable()


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_traceback_keeps_its_lines_and_begins_none_of_ours(*, json_lines: bool) -> None:
    stream = written(json_lines=json_lines)
    forged = f"{HOSTILE}\n2026-11-21T10:00:00.000Z [info     ] outbox.sent"

    log("loop.failed", logging.CRITICAL, failure=ValueError(forged))

    first, *rest = stream.getvalue().splitlines()
    assert "loop.failed" in first
    assert "ValueError" in stream.getvalue()
    assert not _STEERS.search(stream.getvalue())
    assert all(line.startswith("  ") for line in rest)


def test_a_line_for_people_stands_in_columns_and_quotes_what_is_more_than_a_word() -> None:
    stream = written(json_lines=False)

    log("outbox.sent", mailbox="support", reply="250 OK", empty="", count=2)
    log("daemon.stopping", logging.WARNING)

    first, second = (line.partition("Z ")[2] for line in stream.getvalue().splitlines())
    assert first == (
        "[info     ] outbox.sent              mailbox=support reply='250 OK' empty='' count=2"
    )
    assert second == "[warning  ] daemon.stopping"


def test_only_a_terminal_gets_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    set_up_log(json_lines=False, level="info", stream=stream)

    log("outbox.failed", logging.ERROR, mailbox="support")

    assert "\x1b[31merror    \x1b[0m" in stream.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()).endswith("mailbox=support\n")


def test_a_json_line_gives_back_what_went_in() -> None:
    stream = written(json_lines=True)

    log("message.parked", mailbox="büro", error=HOSTILE)

    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("info", "message.parked")
    assert (line["mailbox"], line["error"]) == ("büro", HOSTILE)
    assert "büro" in stream.getvalue()


def test_the_level_decides_what_is_written_and_no_library_goes_below_warning() -> None:
    stream = written(json_lines=True, level="debug")

    log("mailbox.changed", logging.DEBUG)
    logging.getLogger("imapclient").debug("> LOGIN support secret")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "mailbox.changed"
    ]


ADDRESSES = (
    "anna@example.net",
    "o'brien.x+tag@sub.example.co.uk",
    "ваня@пример.example",
    "root@localhost",
    "x@[192.0.2.7]",
)


def veiled(text: str, addresses: str, *, key: bytes = b"k", json_lines: bool = False) -> str:
    stream = io.StringIO()
    set_up_log(json_lines=json_lines, level="info", addresses=addresses, key=key, stream=stream)
    log("outbox.failed", to=text, people=[text], detail={"who": text})
    logging.getLogger("aiosmtplib").warning("550 <%s> unknown", text)
    log("loop.failed", logging.ERROR, failure=ValueError(f"no {text}"))
    return stream.getvalue()


@pytest.mark.parametrize("json_lines", [True, False])
@pytest.mark.parametrize("address", ADDRESSES)
def test_s22_no_line_shows_an_address_that_is_to_be_hidden(
    address: str, *, json_lines: bool
) -> None:
    name = address.partition("@")[0]

    hashed = veiled(address, "hash", json_lines=json_lines)
    domain = veiled(address, "domain", json_lines=json_lines)

    assert address in veiled(address, "full", json_lines=json_lines)
    assert hashed.count("address#") == 5
    assert domain.count("…@" + address.partition("@")[2]) == 5
    for text in (hashed, domain):
        assert address not in text
        assert not re.search(
            rf"\b{re.escape(name.split('.')[0])}\b", text.replace("ValueError", "")
        )
    if json_lines:
        assert [json.loads(line) for line in hashed.splitlines()]


def test_an_address_keeps_its_hash_under_one_key_and_no_other_tells_it() -> None:
    def hash_of(address: str, key: bytes) -> list[str]:
        return re.findall("address#[0-9a-f]{12}", veiled(address, "hash", key=key))

    assert set(hash_of("Anna@Example.net", b"k")) == set(hash_of("anna@example.net", b"k"))
    assert set(hash_of("anna@example.net", b"k")).isdisjoint(hash_of("anna@example.net", b"l"))
    assert set(hash_of("anna@example.net", b"k")).isdisjoint(hash_of("berta@example.net", b"k"))


def test_what_is_no_address_stays_as_it_is() -> None:
    text = "imap.example.net:993 is 2 @ 3, see https://example.net/a@b and #12"

    assert "imap.example.net:993 is 2 @ 3" in veiled(text, "hash")
