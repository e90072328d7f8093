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
def test_a_fact_stays_on_its_line_and_steers_no_terminal(*, json_lines: bool) -> None:
    stream = written(json_lines=json_lines)

    log("message.parked", error=HOSTILE)

    line, end = stream.getvalue()[:-1], stream.getvalue()[-1]
    assert end == "\n"
    assert "message.parked" in line
    assert "red" in line
    assert line.isprintable()


@pytest.mark.parametrize("json_lines", [True, False])
def test_what_a_library_says_is_cleaned_as_well(*, json_lines: bool) -> None:
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
