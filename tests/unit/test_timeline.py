"""What a history comes to, told to people."""

from datetime import UTC, datetime, timedelta

from maildaemon.cli.timeline import in_a_line
from maildaemon.domain.delivery import MailKind
from maildaemon.domain.timeline import Clock, Entry, Event, tell
from maildaemon.domain.timers import TimerKind

AT = datetime(2026, 11, 6, 17, tzinfo=UTC)


def test_what_a_partner_did_not_get_is_told_with_the_reason() -> None:
    why = {"partner": "goldsmith", "why": "a file is refused: extension_blocked"}

    (told,) = tell([Entry(AT, "forward_withheld", "K7F3-Q2", why)], ())

    assert (told.event, told.thread) == (Event.FORWARD_WITHHELD, "K7F3-Q2")
    assert (
        in_a_line(told, UTC)
        == "not sent on to the partner goldsmith: a file is refused: extension_blocked"
    )


def test_why_a_timer_wrote_to_nobody_is_told_with_what_it_was_for() -> None:
    began = AT - timedelta(days=3)
    silent = Entry(AT, "silence", "K7F3-Q2", {"timer": "follow_up", "reason": "muted"})
    fired = Entry(AT, "timer_fired", "K7F3-Q2", {"timer": "follow_up"})

    (told,) = tell([silent, fired], (Clock("K7F3-Q2", TimerKind.FOLLOW_UP, began, AT, AT),))

    assert (told.event, told.mail, told.why) == (Event.SILENCE, "follow_up", "muted")
    assert told.since == began


def test_a_mail_that_opens_a_matter_again_is_told_as_both() -> None:
    mail = Entry(AT, "message_received", "K7F3-Q2", {"kind": "customer", "reopens": True})

    first, second = tell([mail], ())

    assert (first.event, first.why) == (Event.MESSAGE_RECEIVED, "customer")
    assert (second.event, second.why) == (Event.THREAD_REOPENED, "message_received")


def test_what_went_to_a_partner_is_told_by_its_kind() -> None:
    (told,) = tell([Entry(AT, "mail_queued", "K7F3-Q2", mail_kind=MailKind.FORWARD)], ())

    assert (told.event, told.mail) == (Event.MAIL_QUEUED, "forward")
