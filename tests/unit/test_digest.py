"""What the morning's mail says, and when it is due."""

from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.delivery import Draft
from maildaemon.domain.digest import Due, due_digest, write_digest
from maildaemon.domain.message import Address
from maildaemon.domain.opening import Hours
from maildaemon.domain.overview import (
    About,
    Danger,
    Day,
    Facts,
    KeptFile,
    Mail,
    MailboxFacts,
    Owed,
    OwnMail,
    Wait,
    Waiting,
    find_wait,
)
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.standing import Severity, Trouble
from maildaemon.domain.threads import Status
from maildaemon.domain.timepolicy import Promise, TimePolicy
from maildaemon.domain.timers import History, Written
from maildaemon.domain.understanding import Priority
from maildaemon.mail.compose_digest import compose_digest
from tests.service.shop import a_policy

ROME = ZoneInfo("Europe/Rome")
# A Wednesday, eight o'clock in Rome.
NOW = datetime(2026, 12, 2, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLARA = About("K7F3-Q2", "clara@customer.example", "My order")


def facts(*boxes: MailboxFacts, **values: Any) -> Facts:
    return Facts(ROME, boxes or (MailboxFacts("support", **{"day": Day(), **values}),))


def draft() -> Draft:
    return Draft(
        message_id="d1@shop.example",
        date=NOW,
        sender=Address("Example Shop", "support@shop.example"),
        recipient=Address("", "anna@shop.example"),
        language="en",
        reference="",
        sections=(),
        subject=None,
        in_reply_to=None,
        references=(),
        loop_token="abc",
        auto_submitted="auto-generated",
    )


def mail_of(told: Facts) -> tuple[str, str, str]:
    """Return the subject, the text and the page of a digest as it arrives."""
    mail = message_from_bytes(
        compose_digest(draft(), write_digest(told, NOW)), policy=policy.default
    )
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    return mail["Subject"], plain.get_content(), page.get_content()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_who_waits_is_told_with_since_when_and_what_was_promised_the_oldest_first() -> None:
    waiting = (
        Waiting(About("M4XN-8P", "bob@customer.example", "Ring"), Wait(NOW - HOUR)),
        Waiting(
            CLARA,
            Wait(NOW - 3 * DAY, NOW - 2 * HOUR, Danger.BROKEN),
            Priority.URGENT,
            working=True,
            assigned_to="anna",
        ),
        Waiting(
            About("AAAA-22", "eve@customer.example", ""),
            Wait(NOW - DAY, NOW + 2 * HOUR, Danger.AT_RISK),
        ),
    )

    subject, text, _ = mail_of(facts(waiting=waiting, day=Day(5, 4, 3, 2)))

    assert subject == "Wed 2 Dec: 3 waiting, 1 promise broken, 1 promise at risk"
    assert flat(text.partition("WAITING")[0]) == (
        "Wednesday, 2 December 2026 3 waiting, 1 promise broken, 1 promise at risk. "
        "In the last day 5 mails from customers, 4 answered by you, 3 settled, "
        "2 sent automatically."
    )
    assert flat(text.partition("Answer in")[0]).endswith(
        "WAITING FOR YOUR ANSWER (3) "
        "* clara@customer.example My order [#K7F3-Q2] "
        "PROMISE BROKEN: promised by Wed 2 Dec, 06:00 (2 hours ago) "
        "Waiting since Sun 29 Nov, 08:00 (3 days ago) "
        "Priority urgent; answered before, but not finished; assigned to anna "
        "* eve@customer.example no subject [#AAAA-22] "
        "AT RISK: promised by Wed 2 Dec, 10:00 (in 2 hours) "
        "Waiting since Tue 1 Dec, 08:00 (24 hours ago) "
        "* bob@customer.example Ring [#M4XN-8P] Waiting since Wed 2 Dec, 07:00 (1 hour ago)"
    )


def test_a_morning_on_which_nobody_waits_has_a_short_mail_all_the_same() -> None:
    subject, text, _ = mail_of(facts())

    assert subject == "Wed 2 Dec: nobody is waiting"
    assert flat(text) == (
        "Wednesday, 2 December 2026 Nobody is waiting. "
        "In the last day 0 mails from customers, 0 answered by you, 0 settled, "
        "0 sent automatically. "
        "-- Written by maildaemon each morning. If it does not come, "
        "look at `maildaemon status`: nothing else may go, either."
    )


OWN = OwnMail(12, "clara@customer.example", "follow_up", NOW - DAY, CLARA)
LETTER = Mail("clara@customer.example", "My order", NOW - HOUR, "said so", CLARA)
PARTS: dict[str, dict[str, Any]] = {
    "MAILDAEMON NEEDS YOU (1) * SMTP: refused What to do: correct it": {
        "troubles": (Trouble(Severity.UNAVAILABLE, "SMTP: refused", "correct it"),)
    },
    "OPEN WITH YOU, THOUGH NOBODY WAITS FOR AN ANSWER (1) * clara@customer.example "
    "My order [#K7F3-Q2] Last mail Tue 1 Dec, 08:00": {"owed": (Owed(CLARA, NOW - DAY),)},
    "TOO LATE TO GO BY ITSELF (1) * clara@customer.example My order [#K7F3-Q2] "
    "Follow up, Tue 1 Dec, 08:00 (24 hours ago): mail 12": {"held": (OWN,)},
    "DRAFTS FOR YOU TO SEND (1) * clara@customer.example": {"drafts": (OWN,)},
    "WOULD HAVE BEEN SENT IN LIVE MODE (1) * clara@customer.example": {"shadow": (OWN,)},
    "NOT DELIVERED (1) * clara@customer.example": {"failed": (OWN,)},
    "REPORTED AS NOT DELIVERED (1) * clara@customer.example": {"bounced": (LETTER,)},
    "IN JUNK, FROM CUSTOMERS YOU KNOW (1) * clara@customer.example My order [#K7F3-Q2] "
    "said so Arrived Wed 2 Dec, 07:00": {"junk": (LETTER,)},
    "COULD NOT BE READ BY MAILDAEMON (1) * Message 7, in INBOX ValueError": {
        "parked": (Mail("", "Message 7, in INBOX", NOW, "ValueError"),)
    },
    "TOO LARGE TO BE READ BY MAILDAEMON (1) * clara@customer.example My order [#K7F3-Q2]": {
        "too_large": (LETTER,)
    },
    "NOT PASSED ON TO A PARTNER (1) * clara@customer.example": {"withheld": (LETTER,)},
    "HOW CUSTOMERS RATE US (1) * clara@customer.example": {"feedback": (LETTER,)},
    "FILES HELD OR REFUSED (2) * clara@customer.example My order [#K7F3-Q2] File 3: a.exe "
    "Refused: extension blocked THE CUSTOMER DOES NOT KNOW: he could not be told "
    "* x@y.example no subject File 4: b.rar Held for you to judge: unreadable": {
        "files": (
            KeptFile(3, "a.exe", "extension_blocked", False, False, CLARA.customer, CLARA),
            KeptFile(4, "b.rar", "unreadable", True, False, "x@y.example"),
        )
    },
}


@pytest.mark.parametrize("told", PARTS)
def test_what_needs_a_person_is_named_in_a_part_of_its_own(told: str) -> None:
    _, text, page = mail_of(facts(**PARTS[told]))

    assert told in flat(text)
    assert told.partition(" (")[0].lower() in page.lower()


def test_a_server_that_refuses_us_stands_in_the_subject() -> None:
    trouble = Trouble(Severity.UNAVAILABLE, "IMAP: refused", "correct it")

    assert mail_of(facts(troubles=(trouble,)))[0] == (
        "Wed 2 Dec: maildaemon needs help, nobody is waiting"
    )


def test_of_several_mailboxes_each_is_named() -> None:
    orders = MailboxFacts("orders", Mode.SHADOW, Day(), waiting=(Waiting(CLARA, Wait(NOW - DAY)),))
    colleague = MailboxFacts("anna", troubles=(Trouble(Severity.ATTENTION, "odd", "look"),))

    _, text, _ = mail_of(facts(MailboxFacts("support", day=Day()), orders, colleague))

    assert "Orders: the mode is shadow" in flat(text)
    assert "Mailbox orders" in text
    assert "Mailbox anna" in text
    assert "anna: in the last" not in flat(text)


def test_more_than_anybody_reads_is_counted() -> None:
    waiting = tuple(
        Waiting(About(f"A-{n}", f"c{n}@x.example", "s"), Wait(NOW - n * HOUR)) for n in range(30)
    )

    _, text, page = mail_of(facts(waiting=waiting, unlisted=100))

    assert "WAITING FOR YOUR ANSWER (130)" in text
    assert "* and 105 more" in text
    assert "<li>and 105 more</li>" in page


def test_a_tap_on_the_customer_opens_a_mail_that_is_known_for_an_answer() -> None:
    about = About("K7F3-Q2", "o'b&c@customer.example", "Re: Größe?&bcc=x@evil.example [#K7F3-Q2]")

    _, _, page = mail_of(facts(waiting=(Waiting(about, Wait(NOW)),)))

    assert (
        'href="mailto:o%27b%26c@customer.example'
        "?subject=Re%3A%20Gr%C3%B6%C3%9Fe%3F%26bcc%3Dx%40evil.example%20%5B%23K7F3-Q2%5D" in page
    )


def test_s06_what_customers_write_stays_text() -> None:
    evil = '</li><script>alert(1)</script>\u202eX\r\nBcc: x@evil.example"'
    about = About("K7F3-Q2", 'a"><img src=x>@evil.example', evil)
    told = facts(
        waiting=(Waiting(about, Wait(NOW), assigned_to=evil),),
        files=(KeptFile(1, evil, evil, True, True, evil, about),),
        junk=(Mail(evil, evil, NOW, evil),),
        parked=(Mail("", evil, NOW, evil),),
        shadow=(OwnMail(1, evil, evil, NOW, None, evil),),
        troubles=(Trouble(Severity.ATTENTION, evil, evil),),
    )

    subject, text, page = mail_of(told)

    assert subject == "Wed 2 Dec: 1 waiting"
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page + text
    assert not any(line.startswith("Bcc:") for line in text.splitlines())
    assert "mailto:" not in page


def test_the_page_fits_a_phone_and_loads_nothing() -> None:
    _, _, page = mail_of(facts(waiting=(Waiting(CLARA, Wait(NOW)),)))

    assert '<html lang="en">' in page
    assert "width=device-width" in page
    assert "<table" not in page
    assert "src=" not in page
    assert "http" not in page
    assert "overflow-wrap: anywhere" in page


@pytest.mark.parametrize(
    ("now", "at", "due"),
    [
        ("2026-12-02T06:59:59", "08:00", None),
        ("2026-12-02T07:00:00", "08:00", ("2026-12-02", "2026-12-02T07:00")),
        ("2026-12-02T10:59:00", "08:00", ("2026-12-02", "2026-12-02T07:00")),
        ("2026-12-02T11:00:00", "08:00", None),
        # Ten in the evening belongs to its own day, also after midnight.
        ("2026-12-02T23:30:00", "22:00", ("2026-12-02", "2026-12-02T21:00")),
        # The clock is set back at three: two o'clock comes twice, and the first counts.
        ("2026-10-25T00:00:00", "02:00", ("2026-10-25", "2026-10-25T00:00")),
        ("2026-10-25T01:00:00", "02:00", ("2026-10-25", "2026-10-25T00:00")),
        # The clock is set forward at two: half past two is skipped.
        ("2026-03-29T01:29:00", "02:30", None),
        ("2026-03-29T01:30:00", "02:30", ("2026-03-29", "2026-03-29T01:30")),
    ],
)
def test_it_is_due_once_a_day_and_for_four_hours(
    now: str, at: str, due: tuple[str, str] | None
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    found = due_digest(moment, time.fromisoformat(at), ROME)

    assert found == (
        due and Due(date.fromisoformat(due[0]), datetime.fromisoformat(due[1]).replace(tzinfo=UTC))
    )


PROMISE = Promise(first_reply=parse_span("48 hours"), warn_at=parse_span("6 hours"))
POLICY = a_policy(time=TimePolicy(((Priority.NORMAL, PROMISE),)), hours=Hours())


@pytest.mark.parametrize(
    ("hours", "danger"),
    [(1, None), (6, Danger.AT_RISK), (47, Danger.AT_RISK), (48, Danger.BROKEN)],
)
def test_a_promise_is_at_risk_from_the_warning_on_and_broken_when_it_is_due(
    hours: int, danger: Danger | None
) -> None:
    history = History(Status.OPEN, written=(Written(NOW, by_customer=True),))

    found = find_wait(history, POLICY, NOW + hours * HOUR)

    assert found == Wait(NOW, NOW + 48 * HOUR, danger)


def test_without_a_promise_a_wait_has_no_date_and_an_answer_ends_it() -> None:
    asked = (Written(NOW, by_customer=True),)
    answered = (*asked, Written(NOW + HOUR, by_customer=False))

    assert find_wait(History(Status.OPEN, written=asked), a_policy(), NOW) == Wait(NOW)
    assert find_wait(History(Status.PENDING, written=answered), POLICY, NOW) is None
