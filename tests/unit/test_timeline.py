"""What a history comes to, told to people."""

from datetime import UTC, datetime

from maildaemon.cli.timeline import in_a_line
from maildaemon.domain.timeline import Entry, Event, tell

AT = datetime(2026, 11, 6, 17, tzinfo=UTC)


def test_what_a_partner_did_not_get_is_told_with_the_reason() -> None:
    why = {"partner": "goldsmith", "why": "a file is refused: extension_blocked"}

    (told,) = tell([Entry(AT, "forward_withheld", "K7F3-Q2", why)], ())

    assert (told.event, told.thread) == (Event.FORWARD_WITHHELD, "K7F3-Q2")
    assert (
        in_a_line(told, UTC)
        == "not sent on to the partner goldsmith: a file is refused: extension_blocked"
    )
