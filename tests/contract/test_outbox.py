"""What the outbox promises, method by method, at the very edges of what it is asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import metadata
from maildaemon.domain.automatic import Silence
from maildaemon.domain.delivery import MailKind, OutboxState, Phase, Reply, Section
from maildaemon.domain.waiting import RETRIED_MAIL_LIVES
from maildaemon.errors import StaleClaimError
from maildaemon.ports.rows import NewMail, OutboxRow, Verb
from tests.contract.test_store import LATER, NOW, SOON, a_mail
from tests.databases import database_url

MOMENT = timedelta(microseconds=1)
OK = Reply(250, "2.0.0 OK queued as 4FbX2n1kQ9z8Yw7V")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(database_url(tmp_path))
    with opened.begin() as tx:
        tx.mailboxes.ensure("support")
        tx.mailboxes.ensure("other")
    yield opened
    opened.close()


def queue(store: SqlStore, name: str = "md.a.b@shop.example", **other: Any) -> int:
    mail: NewMail = replace(a_mail(name), **other)
    with store.begin() as tx:
        queued = tx.outbox.queue(mail)
    assert queued is not None
    return queued


def claimed(store: SqlStore) -> OutboxRow:
    with store.begin() as tx:
        row = tx.outbox.next_due(1, NOW)
        assert row is not None
        taken = tx.outbox.claim(row, LATER)
        assert taken is not None
    return taken


def send(store: SqlStore, name: str, *, at: Any = NOW, **other: Any) -> int:
    """Queue a mail that was accepted at that time."""
    queued = queue(store, name, **other)
    with store.begin() as tx:
        row = tx.outbox.next_due(other.get("mailbox_id", 1), NOW)
        assert row is not None
        tx.outbox.sent(row, OK, at)
    return queued


def seen(store: SqlStore, outbox_id: int, *columns: str) -> tuple[Any, ...]:
    names = ", ".join(columns)
    with store.engine.connect() as connection:
        query = f"select {names} from outbox where id = {outbox_id}"
        return tuple(connection.exec_driver_sql(query).one())


def due(store: SqlStore, at: Any = NOW) -> str | None:
    with store.read() as tx:
        row = tx.outbox.next_due(1, at)
    return row.message_id if row else None


def test_a_mail_is_due_at_its_moment_and_in_its_own_mailbox(store: SqlStore) -> None:
    queue(store, "other@x", mailbox_id=2)
    queue(store, send_at=SOON)

    assert due(store, SOON - MOMENT) is None
    assert due(store, SOON) == "md.a.b@shop.example"


def test_a_claim_is_for_one_and_ends(store: SqlStore) -> None:
    queue(store)
    with store.begin() as tx:
        row = tx.outbox.next_due(1, NOW)
        assert row is not None
        assert row.phase is Phase.WAITING
        taken = tx.outbox.claim(row, LATER)
        assert tx.outbox.claim(row, LATER) is None
    assert taken is not None
    assert taken.fence == row.fence + 1
    assert seen(store, row.outbox_id, "phase", "attempts") == ("claimed", 1)
    assert due(store, LATER - MOMENT) is None
    assert due(store, LATER) == row.message_id


def test_what_only_is_to_be_concluded_comes_first_then_the_oldest(store: SqlStore) -> None:
    for name in ("first@x", "second@x"):
        queue(store, name)
    queue(store, "over@x", expires_at=NOW)
    assert due(store) == "over@x"
    assert due(store, NOW + MOMENT) == "over@x"

    with store.begin() as tx:
        row = tx.outbox.next_due(1, NOW)
        assert row is not None
        tx.outbox.cancel(row.outbox_id, "over", NOW)
    assert due(store) == "first@x"


def test_one_kind_is_looked_for_past_all_others(store: SqlStore) -> None:
    queue(store, "first@x")
    digest = queue(store, "digest@x", kind=MailKind.DIGEST)

    with store.read() as tx:
        found = tx.outbox.next_of_kind(1, MailKind.DIGEST, NOW)
        assert tx.outbox.next_of_kind(1, MailKind.DIGEST, NOW - MOMENT) is None
        assert tx.outbox.next_of_kind(1, MailKind.STAFF, NOW) is None
        assert tx.outbox.next_of_kind(2, MailKind.DIGEST, NOW) is None
    assert found is not None
    assert found.outbox_id == digest


def test_a_mail_that_is_given_back_waits_and_counts_its_own_failures_alone(store: SqlStore) -> None:
    outbox_id = queue(store)
    what = ("state", "phase", "uncertain_at", "failures", "why", "reply_code", "reply_text")

    row = claimed(store)
    with store.begin() as tx:
        tx.outbox.mark_dot(row, NOW, LATER)
    with store.begin() as tx:
        tx.outbox.retry(row, NOW, "the line broke", None, failed=False)
    assert seen(store, outbox_id, *what) == (
        "queued",
        "waiting",
        None,
        0,
        "the line broke",
        None,
        None,
    )

    again = claimed(store)
    with store.begin() as tx:
        tx.outbox.retry(again, LATER, "deferred", Reply(451, "later"), failed=True)
    assert seen(store, outbox_id, *what) == ("queued", "waiting", None, 1, "deferred", 451, "later")
    assert due(store, LATER - MOMENT) is None
    assert due(store, LATER) is not None
    with pytest.raises(StaleClaimError), store.begin() as tx:
        tx.outbox.retry(row, NOW, "too late", None, failed=True)


def test_a_mail_in_doubt_is_looked_at_again_and_sent_once_more_as_such(store: SqlStore) -> None:
    outbox_id = queue(store)
    row = claimed(store)
    with store.begin() as tx:
        tx.outbox.mark_dot(row, NOW, SOON)
        assert not tx.outbox.cancel(outbox_id, "too late", NOW)
        tx.outbox.wait_uncertain(row, LATER, "no reply")
    assert due(store, LATER - MOMENT) is None

    with store.begin() as tx:
        doubtful = tx.outbox.next_due(1, LATER)
        assert doubtful is not None
        assert (doubtful.phase, doubtful.uncertain_at, doubtful.resent) == (Phase.DOT, NOW, False)
        taken = tx.outbox.claim(doubtful, LATER)
        assert taken is not None
        tx.outbox.resend(taken, LATER)
    with store.read() as tx:
        resent = tx.outbox.next_due(1, LATER)
    assert resent is not None
    assert (resent.phase, resent.uncertain_at, resent.resent) == (Phase.WAITING, None, True)


def test_what_is_concluded_is_due_no_more_and_says_why(store: SqlStore) -> None:
    outbox_id = queue(store)
    row = claimed(store)
    with store.begin() as tx:
        tx.outbox.mark_dot(row, NOW, SOON)
        tx.outbox.conclude(row, OutboxState.FAILED, "refused", NOW, Reply(550, "no such user"))

    what = ("state", "phase", "next_attempt_at", "why", "reply_code", "reply_text")
    assert seen(store, outbox_id, *what) == (
        "failed",
        "waiting",
        None,
        "refused",
        550,
        "no such user",
    )
    with store.begin() as tx:
        assert not tx.outbox.cancel(outbox_id, "an operator", NOW)


def test_a_250_is_written_down_with_the_id_that_the_server_gave(store: SqlStore) -> None:
    first = send(store, "first@x")
    second = queue(store, "second@x")
    row = claimed(store)
    with store.begin() as tx:
        tx.outbox.sent(row, Reply(250, "ok"), NOW)

    what = ("state", "phase", "next_attempt_at", "reply_code", "why", "provider_id_sha256 is null")
    assert seen(store, first, *what) == ("sent", "waiting", None, 250, "accepted", False)
    assert seen(store, second, *what) == ("sent", "waiting", None, 250, "accepted", True)


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (OutboxState.FAILED, True),
        (OutboxState.EXPIRED, True),
        (OutboxState.UNKNOWN, True),
        (OutboxState.CANCELLED, False),
        (OutboxState.SENT, False),
    ],
)
def test_only_what_went_wrong_is_tried_again_at_a_persons_word(
    store: SqlStore, state: OutboxState, again: bool
) -> None:
    outbox_id = queue(store, expires_at=NOW)
    with store.begin() as tx:
        tx.outbox.conclude(claimed_in(tx), state, "as it is", NOW, None)

    with store.begin() as tx:
        assert tx.outbox.retry_now(outbox_id, LATER) is again
    if not again:
        assert seen(store, outbox_id, "state") == (state.value,)
        return
    with store.read() as tx:
        row = tx.outbox.next_due(1, LATER)
    assert row is not None
    assert (row.state, row.phase, row.released_at) == (OutboxState.QUEUED, Phase.WAITING, LATER)
    assert row.expires_at == LATER + RETRIED_MAIL_LIVES
    assert seen(store, outbox_id, "uncertain_at", "concluded_at") == (None, None)


def claimed_in(tx: Any) -> OutboxRow:
    row = tx.outbox.next_due(1, NOW)
    taken: OutboxRow | None = tx.outbox.claim(row, LATER)
    assert taken is not None
    return taken


def test_what_is_cancelled_is_due_no_more_and_cancelled_once(store: SqlStore) -> None:
    outbox_id = queue(store)

    with store.begin() as tx:
        assert tx.outbox.cancel(outbox_id, "an operator", NOW)
        assert not tx.outbox.cancel(outbox_id, "an operator", NOW)
    assert seen(store, outbox_id, "state", "next_attempt_at") == ("cancelled", None)
    assert due(store, LATER) is None


def test_what_is_discarded_is_all_that_surely_has_not_left_one_mailbox(store: SqlStore) -> None:
    doubtful = queue(store, "dot@x")
    with store.begin() as tx:
        tx.outbox.mark_dot(claimed_in(tx), NOW, SOON)
    waiting, elsewhere = queue(store, "a@x"), queue(store, "b@x", mailbox_id=2)
    sent = send(store, "c@x", mailbox_id=2)

    with store.begin() as tx:
        assert tx.outbox.discard(1, "discarded", NOW) == 1
    states = [seen(store, one, "state")[0] for one in (doubtful, waiting, elsewhere, sent)]
    assert states[:2] == ["queued", "cancelled"]
    assert seen(store, waiting, "next_attempt_at", "why") == (None, "discarded")


def test_what_a_restored_database_holds_queued_is_in_doubt(store: SqlStore) -> None:
    outbox_id = queue(store)
    queue(store, "other@x", mailbox_id=2)

    with store.begin() as tx:
        before = tx.outbox.next_due(1, NOW)
        assert tx.outbox.doubt_queued(1, NOW, LATER) == 1
        assert tx.outbox.doubt_queued(1, NOW, LATER) == 0
    assert before is not None
    assert seen(store, outbox_id, "phase", "attempts") == ("dot", before.fence + 1)
    assert due(store, LATER - MOMENT) is None
    with store.read() as tx:
        row = tx.outbox.next_due(1, LATER)
    assert row is not None
    assert row.uncertain_at == NOW


def test_mails_are_counted_after_one_moment_and_up_to_another(store: SqlStore) -> None:
    send(store, "a@x", at=NOW)
    send(store, "b@x", at=SOON, kind=MailKind.TIMED)
    send(store, "c@x", at=SOON, mailbox_id=2)
    queue(store, "d@x")

    with store.read() as tx:
        counts = [
            tx.outbox.sent_between(1, NOW - MOMENT, SOON),
            tx.outbox.sent_between(1, NOW, SOON),
            tx.outbox.sent_between(1, NOW - MOMENT, SOON - MOMENT),
            tx.outbox.sent_between(1, SOON, LATER),
            tx.outbox.timed_since(1, NOW),
            tx.outbox.timed_since(1, SOON),
            tx.outbox.timed_since(2, NOW),
        ]
    assert counts == [2, 1, 1, 0, 1, 0, 0]


def test_a_mail_is_known_once_it_was_queued_and_accepted_once_it_was(store: SqlStore) -> None:
    send(store, "sent@x", at=SOON)
    queue(store, "queued@x")

    with store.read() as tx:
        assert [tx.outbox.is_known(one) for one in ("sent@x", "queued@x", "no@x")] == [
            True,
            True,
            False,
        ]
        assert tx.outbox.accepted_since(1, "sent@x", SOON)
        assert not tx.outbox.accepted_since(1, "sent@x", SOON + MOMENT)
        assert not tx.outbox.accepted_since(2, "sent@x", NOW)
        assert not tx.outbox.accepted_since(1, "queued@x", NOW)


def test_a_witness_concludes_what_was_not_proven_and_is_news_once(store: SqlStore) -> None:
    outbox_id = queue(store, "queued@x")
    queue(store, "shadow@x", state=OutboxState.SHADOW)

    with store.begin() as tx:
        assert tx.outbox.witnessed(2, "queued@x", NOW) is None
        assert tx.outbox.witnessed(1, "no@x", NOW) is None
        assert tx.outbox.witnessed(1, "shadow@x", NOW) is None
        assert tx.outbox.witnessed(1, "queued@x", NOW) == outbox_id
        assert tx.outbox.witnessed(1, "queued@x", NOW) is None
    assert seen(store, outbox_id, "state", "phase", "next_attempt_at") == ("sent", "waiting", None)


def test_a_copy_is_filed_when_it_was_seen_first(store: SqlStore) -> None:
    outbox_id = send(store, "sent@x")

    with store.begin() as tx:
        assert not tx.outbox.is_filed(outbox_id)
        tx.outbox.note_filed(1, "sent@x", SOON)
        tx.outbox.note_filed(1, "sent@x", LATER)
        assert tx.outbox.is_filed(outbox_id)
    filed_at, soon = seen(store, outbox_id, "filed_at", "queued_at")
    assert filed_at != soon
    assert str(filed_at).startswith(f"{SOON:%Y-%m-%d %H:%M}")


def test_a_server_files_still_if_it_filed_the_newest_mail_that_it_had_time_for(
    store: SqlStore,
) -> None:
    def files_still(until: Any) -> bool:
        with store.read() as tx:
            return tx.outbox.server_files_still(1, until)

    assert not files_still(LATER)
    send(store, "filed@x", at=NOW)
    assert not files_still(NOW)
    with store.begin() as tx:
        tx.outbox.note_filed(1, "filed@x", SOON)
    assert files_still(NOW)
    send(store, "unfiled@x", at=SOON)
    assert files_still(SOON - MOMENT)
    assert not files_still(SOON)


@pytest.mark.parametrize(("filed_by", "still"), [("by_server", True), ("done", False)])
def test_a_copy_that_we_have_filed_ourselves_shows_nothing_of_the_server(
    store: SqlStore, filed_by: str, still: bool
) -> None:
    older, newer = send(store, "older@x"), send(store, "newer@x", at=SOON)
    with store.begin() as tx:
        tx.outbox.add_settlement(1, newer, NOW)
        (row,) = tx.outbox.claim_settlements(1, NOW, LATER, 9)
        tx.outbox.finish_settlement(row, filed_by, None)
        # Another one's tells nothing of this.
        tx.outbox.add_settlement(1, older, NOW)
        tx.outbox.note_filed(1, "newer@x", LATER)
        assert tx.outbox.server_files_still(1, LATER) is still


@pytest.mark.parametrize(("tried", "again"), [("given_up", True), ("done", False)])
def test_a_draft_that_could_not_be_put_is_tried_again_at_a_persons_word(
    store: SqlStore, tried: str, again: bool
) -> None:
    outbox_id = queue(store, state=OutboxState.DRAFT, expires_at=NOW)
    with store.begin() as tx:
        tx.outbox.add_settlement(1, outbox_id, NOW, Verb.PUT_DRAFT)
        (row,) = tx.outbox.claim_settlements(1, NOW, LATER, 9)
        tx.outbox.finish_settlement(row, tried, "no such folder")

    with store.begin() as tx:
        assert tx.outbox.retry_now(outbox_id, LATER) is again
        waiting = tx.outbox.claim_settlements(1, LATER, LATER, 9)
    lives = [one.expires_at for one in waiting]
    assert lives == ([LATER + RETRIED_MAIL_LIVES] if again else [])
    assert seen(store, outbox_id, "state") == ("draft",)


def test_what_a_thread_has_queued_is_called_off_and_counted(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        thread = metadata.tables["thread"]
        texts = dict.fromkeys(("subject", "bare_subject"), "")
        times = dict.fromkeys(("opened_at", "last_message_at"), NOW)
        row = {"mailbox_id": 1, "status": "open", **texts, **times}
        rows = [{**row, "id": one, "reference": f"K7F3-Q{one}"} for one in (2, 3, 4)]
        connection.execute(thread.insert(), rows)
    for name, thread_id in (("a@x", 2), ("b@x", 2), ("c@x", 3), ("d@x", 4)):
        queue(store, name, thread_id=thread_id)
    queue(store, "e@x", thread_id=3, sections=(Section.REFUSED_FILES,))

    with store.begin() as tx:
        counts = [
            tx.outbox.cancel_thread(2, "staff_answered", NOW),
            tx.outbox.cancel_thread(2, "staff_answered", NOW),
            tx.outbox.cancel_acknowledgements(3, "staff_answered", NOW),
            tx.outbox.withdraw(4, NOW),
            tx.outbox.withdraw(4, NOW),
        ]
    assert counts == [2, 0, 1, 1, 0]


def test_what_a_mail_asked_for_that_was_withdrawn_may_be_asked_for_again(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        row = {"id": 2, "mailbox_id": 1, "reference": "K7F3-Q2", "status": "open"}
        texts = dict.fromkeys(("subject", "bare_subject"), "")
        times = dict.fromkeys(("opened_at", "last_message_at"), NOW)
        connection.execute(
            metadata.tables["thread"].insert(), {**row, **texts, **times, "asked": ["photo"]}
        )
    queue(store, thread_id=2, sections=(Section.MISSING_FACTS,))

    with store.begin() as tx:
        assert tx.outbox.withdraw(2, NOW) == 1
    with store.engine.connect() as connection:
        (asked,) = connection.execute(select(metadata.tables["thread"].c.asked)).one()
    assert asked == []


def test_each_response_to_a_person_is_entered_and_counts_for_nobody_else(store: SqlStore) -> None:
    def enter(**other: Any) -> None:
        with store.begin() as tx:
            tx.outbox.count_response(replace(a_mail(), **other))

    for _ in range(2):
        enter()
        enter(recipient="dora@x.example")
        enter(mailbox_id=2)
    with store.engine.connect() as connection:
        query = "select mailbox_id, count(*) from ledger group by mailbox_id order by 1"
        assert [tuple(row) for row in connection.exec_driver_sql(query)] == [(1, 4), (2, 2)]


def test_a_mail_that_is_adopted_is_sent_filed_and_never_queued_again(store: SqlStore) -> None:
    mail = replace(a_mail(), state=OutboxState.SENT)

    with store.begin() as tx:
        adopted = tx.outbox.adopt(mail)
        assert tx.outbox.adopt(mail) is None
        assert tx.outbox.queue(a_mail()) is None
    assert adopted is not None
    what = ("state", "next_attempt_at", "filed_at is null", "why")
    assert seen(store, adopted, *what) == ("sent", None, False, "found in Sent")


def test_what_was_withdrawn_may_be_queued_anew_and_nothing_else(store: SqlStore) -> None:
    outbox_id, other = queue(store), queue(store, "other@x")
    row = claimed(store)
    with store.begin() as tx:
        # Its message was taken for spam, and no person or program sent it since.
        tx.outbox.cancel(outbox_id, Silence.SPAM.value, NOW)
        tx.outbox.cancel(other, "an operator", NOW)

    with store.begin() as tx:
        assert tx.outbox.queue(a_mail("other@x")) is None
        assert tx.outbox.queue(replace(a_mail(), recipient="dora@x.example")) == outbox_id
    # The fence of whoever still holds it does not come again.
    what = ("state", "recipient", "attempts")
    assert seen(store, outbox_id, *what) == ("queued", "dora@x.example", row.fence)
    assert seen(store, other, *what) == ("cancelled", "anna@example.org", 0)


@pytest.mark.parametrize(
    ("state", "waits", "concluded", "why"),
    [
        (OutboxState.QUEUED, True, False, None),
        (OutboxState.SENT, False, True, None),
        (OutboxState.HELD, False, False, "too_late"),
        (OutboxState.SHADOW, False, False, None),
    ],
)
def test_only_what_is_queued_is_to_be_sent(
    store: SqlStore, state: OutboxState, waits: bool, concluded: bool, why: str | None
) -> None:
    outbox_id = queue(store, state=state)

    what = (
        "next_attempt_at is not null",
        "concluded_at is not null",
        "why",
        "attempts",
        "failures",
    )
    assert seen(store, outbox_id, *what) == (waits, concluded, why, 0, 0)
    assert (due(store) is not None) is waits


def test_the_sections_and_the_kind_of_a_mail_come_back_as_they_were(store: SqlStore) -> None:
    sections = (Section.ACKNOWLEDGEMENT, Section.FAQ)
    queue(store, sections=sections, kind=MailKind.FORWARD)

    with store.read() as tx:
        row = tx.outbox.next_due(1, NOW)
    assert row is not None
    assert (row.sections, row.kind, row.queued_at, row.due_at) == (
        sections,
        MailKind.FORWARD,
        NOW,
        NOW,
    )
    assert (row.mailbox_id, row.thread_id, row.recipient) == (1, None, "anna@example.org")
