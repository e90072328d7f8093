"""Whatever happens between arming, firing and sending: nobody is nagged, nobody is forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import FollowUpStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from maildaemon.services.by_hand import merge, split
from tests.fakes.mailbox import FakeMailbox
from tests.service.shop import Shop, a_mail, parsed
from tests.service.test_time_passes import (
    ANNA,
    CLARA,
    LADDER,
    TIME,
    a_shop,
    conversation,
    customer_writes,
    letters,
    status,
)

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

ACK = (CLARA, "acknowledgement")
REMINDED = (CLARA, "follow_up")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = a_shop(tmp_path)
    yield opened
    opened.close()


def fire_only(shop: Shop) -> None:
    """Let what is due be fired, and nothing be sent yet."""
    shop.receive()
    while shop.process() or shop.fire():
        pass


def days(shop: Shop, count: int) -> None:
    for _ in range(count):
        shop.wait(days=1)
        shop.round()


def answer(shop: Shop, question: str, at: timedelta = timedelta()) -> None:
    """Somebody answers; the client dates its copy in Sent so much off."""
    raw = a_mail(
        "It is on its way. Did it arrive?",
        sender="Anna <support@shop.example>",
        to="clara@customer.example",
        message_id=f"to.{question}@shop.example",
        In_Reply_To=f"<{question}@customer.example>",
        date=shop.at,
    )
    shop.write(raw, "Sent", at=shop.at + at)
    shop.round()


def test_a_step_put_before_one_that_has_gone_brings_no_second_reminder_at_once(shop: Shop) -> None:
    conversation(shop)
    days(shop, 3)
    assert letters(shop) == [ACK, REMINDED]

    shop.wait(hours=1)
    sooner = FollowUpStep(parse_span("1 day"), "follow_up")
    time = replace(shop.policy.time, follow_up=(sooner, *LADDER))
    shop.policy = replace(shop.policy, time=time)
    shop.open()
    shop.round()
    assert letters(shop) == [ACK, REMINDED]


def test_of_two_steps_that_are_due_together_one_goes(tmp_path: Path) -> None:
    close = (
        FollowUpStep(parse_span("3 days"), "follow_up"),
        FollowUpStep(parse_span("76 hours"), "closing_soon"),
    )
    shop = a_shop(tmp_path, time=TimePolicy(follow_up=close))
    conversation(shop)
    shop.wait(days=3, hours=10)
    shop.round()

    assert letters(shop) == [ACK, REMINDED]
    shop.close()


def test_without_the_folder_for_sent_mail_nobody_is_reminded(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)
    fire_only(shop)
    # Renamed, and found by no name: answers stand where nobody looks.
    shop.account.create("Old")
    shop.account.delete("Sent")
    shop.mailbox = FakeMailbox(shop.account, sent=None)
    shop.deliver()
    assert letters(shop) == [ACK]
    for _ in range(3):
        shop.wait(minutes=30)
        shop.round()
    assert letters(shop) == [ACK]
    assert shop.rows("select name from concern") == [("sent:Sent",)]

    shop.mailbox = FakeMailbox(shop.account, sent="Old")
    shop.round()
    shop.wait(minutes=2)
    shop.round()
    assert letters(shop) == [ACK, REMINDED]
    assert shop.rows("select name from concern") == []


def test_who_was_reminded_in_a_thread_is_not_reminded_again_when_it_is_merged(shop: Shop) -> None:
    conversation(shop)
    shop.wait(hours=1)
    again = {"subject": "Another thing", "body": "Do you have blue ones in stock at all?"}
    customer_writes(shop, message_id="c2@customer.example", **again)
    answer(shop, "c2")
    shop.wait(days=3, hours=1)
    shop.round()
    assert letters(shop)[2:] == [REMINDED]

    first, second = (row[0] for row in shop.rows("select reference from thread order by id"))
    by_hand(shop, merge, second, first)
    shop.round()
    shop.wait(hours=1)
    shop.round()
    assert letters(shop)[2:] == [REMINDED]


@pytest.mark.postgresql
def test_who_was_reminded_in_a_merged_thread_is_not_reminded_again_when_it_is_split(
    shop: Shop,
) -> None:
    conversation(shop)
    shop.wait(hours=1)
    again = {"subject": "Another thing", "body": "Do you have blue ones in stock at all?"}
    customer_writes(shop, message_id="c2@customer.example", **again)
    answer(shop, "c2")
    into, out_of = (row[0] for row in shop.rows("select reference from thread order by id"))
    by_hand(shop, merge, out_of, into)
    shop.wait(days=3, hours=1)
    shop.round()
    assert letters(shop)[2:] == [REMINDED]

    by_hand(shop, split, out_of, into)
    shop.wait(hours=1)
    shop.round()
    assert letters(shop)[2:] == [REMINDED]


def by_hand(shop: Shop, word: Any, source: str, target: str) -> None:
    with shop.store.begin() as tx:
        word(tx, tx.by_hand.thread(source), tx.by_hand.thread(target), "anna", shop.at)


def test_an_answer_is_never_older_than_its_question_for_a_promise(tmp_path: Path) -> None:
    promise = Promise(first_reply=parse_span("24 hours"), tell_customer=True)
    shop = a_shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, promise),)))
    customer_writes(shop)
    shop.wait(hours=1)
    answer(shop, "c1", at=timedelta(hours=-3))
    days(shop, 2)

    assert letters(shop) == [ACK]
    shop.close()


def test_an_answer_is_never_older_than_its_question_for_a_reminder(shop: Shop) -> None:
    customer_writes(shop)
    shop.wait(hours=1)
    answer(shop, "c1", at=timedelta(hours=-3))
    assert status(shop) == "pending"

    days(shop, 3)
    assert letters(shop) == [ACK, REMINDED]


BROKEN: dict[str, Any] = {
    "subject": "The vase is broken",
    "body": "The parcel has arrived, but the vase is broken. What now?",
    "message_id": "c2@customer.example",
}


def test_a_customer_who_writes_under_another_subject_is_not_silent(shop: Shop) -> None:
    conversation(shop)
    days(shop, 1)
    customer_writes(shop, **BROKEN)
    days(shop, 2)

    assert (CLARA, "follow_up") not in letters(shop)


def test_his_other_mail_calls_the_reminder_back_at_the_last_moment(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=3)
    fire_only(shop)
    assert shop.outbox[-1] == "queued"

    shop.write(a_mail(**BROKEN, date=shop.at))
    shop.round()
    assert letters(shop) == [ACK, ACK]


def send_draft(shop: Shop, text: str | None = None) -> None:
    """A person sends what lies in Drafts; some clients give it an id of their own."""
    [draft] = shop.account.messages("Drafts")
    mail = parsed(draft.raw)
    mail.replace_header("Message-ID", f"<client.{shop.at:%d}@shop.example>")
    if text is not None:
        mail.clear_content()
        mail.set_content(text)
    shop.write(mail.as_bytes(), "Sent", flags=("\\Seen",))
    shop.account.expunge("Drafts", draft.uid)
    shop.round()


def test_a_ladder_goes_on_when_a_person_sends_the_reminders(tmp_path: Path) -> None:
    reminders = (Section.FOLLOW_UP, Section.CLOSING_SOON)
    shop = a_shop(tmp_path, modes=tuple((one, Mode.DRAFTS) for one in reminders))
    conversation(shop)
    sent = []
    for day in range(1, 13):
        days(shop, 1)
        if shop.account.messages("Drafts"):
            send_draft(shop)
            sent.append(day)

    assert sent == [3, 7]
    assert status(shop) == "resolved"
    assert letters(shop) == [ACK, (CLARA, "feedback")]
    shop.close()


def test_what_a_person_makes_of_a_reminder_is_an_answer(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, modes=((Section.FOLLOW_UP, Mode.DRAFTS),))
    conversation(shop)
    days(shop, 3)
    send_draft(shop, "Dear Clara, we have found the parcel at the depot. It comes on Friday.")
    days(shop, 2)
    assert not shop.account.messages("Drafts")

    days(shop, 1)
    assert len(shop.account.messages("Drafts")) == 1
    shop.close()


def test_a_request_for_feedback_that_a_person_sends_opens_nothing_again(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, modes=((Section.FEEDBACK, Mode.DRAFTS),))
    conversation(shop)
    days(shop, 11)
    send_draft(shop)
    days(shop, 4)

    assert status(shop) == "resolved"
    assert letters(shop) == [ACK, REMINDED, (CLARA, "closing_soon")]
    shop.close()


def test_word_of_how_it_stands_reaches_the_customer_each_time(tmp_path: Path) -> None:
    promise = Promise(update_every=parse_span("5 days"), update_customer=True)
    shop = a_shop(tmp_path, time=TimePolicy(promises=((Priority.NORMAL, promise),)))
    customer_writes(shop)
    days(shop, 11)
    told = [(ANNA, "staff"), (CLARA, "update")]
    assert letters(shop) == [ACK, *told, *told]

    shop.wait(days=4)
    fire_only(shop)
    answer(shop, "c1")
    assert letters(shop)[5:] == []
    assert shop.outbox[-1] == "cancelled"
    shop.close()


def promising(folder: Path) -> Shop:
    """A shop that promises to answer whenever a customer writes."""
    promise = Promise(next_reply=parse_span("48 hours"), warn_at=parse_span("24 hours"))
    return a_shop(folder, time=replace(TIME, promises=((Priority.NORMAL, promise),)))


def test_who_writes_in_the_second_in_which_it_was_settled_is_not_forgotten(tmp_path: Path) -> None:
    shop = promising(tmp_path)
    conversation(shop)
    days(shop, 10)
    assert status(shop) == "resolved"
    before = letters(shop)

    # The clock of the mail server lags behind ours.
    raw = a_mail(
        "No, nothing has arrived. Where is it?",
        message_id="c2@customer.example",
        In_Reply_To="<a1@shop.example>",
        date=shop.at,
    )
    shop.write(raw, at=shop.at - timedelta(minutes=1))
    shop.round()
    assert status(shop) == "open"
    days(shop, 3)
    assert letters(shop)[len(before) :] == [(ANNA, "staff"), (ANNA, "staff")]
    shop.close()


def test_an_answer_dated_by_a_clock_that_runs_ahead_hides_no_later_question(tmp_path: Path) -> None:
    shop = promising(tmp_path)
    customer_writes(shop)
    shop.wait(hours=1)
    answer(shop, "c1", at=timedelta(hours=5))
    shop.wait(hours=1)
    again = {"message_id": "c2@customer.example", "In_Reply_To": "<to.c1@shop.example>"}
    customer_writes(shop, body="No, it is not there. Where is it?", **again)
    assert status(shop) == "open"

    days(shop, 4)
    assert letters(shop) == [ACK, (ANNA, "staff"), (ANNA, "staff")]
    shop.close()


@pytest.mark.postgresql
def test_whoever_was_muted_or_is_unreachable_since_gets_no_reminder_that_was_queued(
    shop: Shop,
) -> None:
    conversation(shop)
    shop.wait(days=3)
    fire_only(shop)
    mailbox_id = shop.desk.mailbox_id
    with shop.store.begin() as tx:
        tx.records.mark_undeliverable(mailbox_id, CLARA, shop.at + timedelta(days=30), "5.1.1")
    shop.round()

    assert letters(shop) == [ACK]
    assert shop.rows("select state, why from outbox where kind = 'timed'") == [
        ("cancelled", "address_undeliverable")
    ]


@pytest.mark.postgresql
def test_after_a_week_of_downtime_staff_hear_of_a_broken_promise_only_that_it_broke(
    shop: Shop,
) -> None:
    customer_writes(shop)
    shop.wait(days=7)
    shop.open()
    shop.round()

    assert letters(shop) == [ACK, (ANNA, "staff")]
    assert shop.rows("select event from event where event = 'promise_broken'") != []


def test_whose_question_lay_in_junk_while_we_answered_another_is_not_silent(shop: Shop) -> None:
    customer_writes(shop)
    again = a_mail(
        "And where is the other one?",
        message_id="c2@customer.example",
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(again, "Junk")
    shop.wait(hours=1)
    answer(shop, "c1")
    [one] = shop.account.messages("Junk")
    shop.account.move("Junk", one.uid, "INBOX")
    shop.round()
    assert status(shop) == "open"

    days(shop, 4)
    assert letters(shop) == [ACK]


def test_whose_reply_a_filter_took_for_spam_is_not_silent(shop: Shop) -> None:
    conversation(shop)
    shop.wait(days=1)
    reply = a_mail(
        "No, it has not arrived. Where is it?",
        message_id="c2@customer.example",
        In_Reply_To="<a1@shop.example>",
        date=shop.at,
    )
    shop.write(reply, "Junk")
    days(shop, 8)

    assert letters(shop) == [ACK]
