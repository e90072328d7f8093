"""What the queues promise, on a real database: the store is never faked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import metadata
from maildaemon.domain.delivery import MailKind, OutboxState, Phase, Reply, Section
from maildaemon.errors import OperatorError, SchemaError, StaleClaimError
from maildaemon.ports import Role
from maildaemon.ports.rows import FolderRow, InboundRow, NewMail, OutboxRow, Seen
from tests.databases import database_url

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(minutes=6)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(database_url(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def folder(store: SqlStore) -> FolderRow:
    with store.begin() as tx:
        mailbox = tx.mailboxes.ensure("support")
        return tx.mailboxes.set_cursor(mailbox.mailbox_id, "INBOX", Role.INBOX, 7, 0)


def record(store: SqlStore, folder: FolderRow, *uids: int, history: bool = False) -> int:
    seen = [Seen(uid, 100, NOW, f"{uid:064x}") for uid in uids]
    with store.begin() as tx:
        return tx.inbound.record(1, folder, seen, now=NOW, history=history)


def claim(
    store: SqlStore, at: datetime = NOW, limit: int = 50, *, beside: bool = False
) -> tuple[InboundRow, ...]:
    until = at + timedelta(minutes=5)
    with store.begin() as tx:
        return tx.inbound.claim_due(1, at, until, limit=limit, max_bytes=10_000, beside=beside)


def a_mail(message_id: str = "md.a.b@shop.example", *, thread_id: int | None = None) -> NewMail:
    return NewMail(
        mailbox_id=1,
        thread_id=thread_id,
        cause_id=None,
        message_id=message_id,
        kind=MailKind.RESPONSE,
        sections=(Section.ACKNOWLEDGEMENT,),
        language="en",
        reverse_path="support@shop.example",
        recipient="anna@example.org",
        raw=b"Subject: hello\r\n\r\nhello\r\n",
        state=OutboxState.QUEUED,
        queued_at=NOW,
        send_at=NOW,
        expires_at=NOW + timedelta(hours=24),
    )


def queue(store: SqlStore, mail: NewMail | None = None) -> OutboxRow:
    with store.begin() as tx:
        tx.outbox.queue(mail or a_mail())
    with store.read() as tx:
        row = tx.outbox.next_due(1, NOW)
    assert row is not None
    return row


def outbox_state(store: SqlStore) -> tuple[str, str | None]:
    with store.engine.connect() as connection:
        row = connection.exec_driver_sql("select state, why from outbox").one()
        return row[0], row[1]


@pytest.mark.mariadb
@pytest.mark.postgresql
@pytest.mark.sqlite
def test_facts_whose_long_names_begin_alike_are_kept_apart(store: SqlStore) -> None:
    names = [f"login.ending the-support-of-our-shop-in-{where}" for where in ("italy", "france")]
    with store.begin() as tx:
        for name in names:
            tx.brakes.keep_fact(name, name)
        assert [tx.brakes.fact(name) for name in names] == names


def test_the_same_uid_is_recorded_once(store: SqlStore, folder: FolderRow) -> None:
    assert record(store, folder, 1, 2) == 2
    assert record(store, folder, 2, 3) == 1


def test_a_claimed_row_is_due_again_only_when_its_claim_ends(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1)

    assert [row.uid for row in claim(store)] == [1]
    assert claim(store, NOW + timedelta(minutes=4)) == ()
    assert [row.uid for row in claim(store, LATER)] == [1]


def test_a_row_whose_claim_was_never_concluded_is_taken_alone(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1, 2)
    claim(store)

    assert [(row.uid, row.alone) for row in claim(store, LATER)] == [(1, True)]
    assert [(row.uid, row.alone) for row in claim(store, LATER)] == [(2, True)]


def test_what_may_have_killed_us_is_not_taken_while_others_are_under_way(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1, 2)
    assert [row.uid for row in claim(store, beside=True)] == [1, 2]

    assert claim(store, LATER, beside=True) == ()
    assert [(row.uid, row.alone) for row in claim(store, LATER)] == [(1, True)]


def test_only_deaths_while_a_row_was_alone_count_as_its_own(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1)

    failures = [claim(store, NOW + n * timedelta(minutes=6))[0].failures for n in range(4)]

    assert failures == [0, 0, 1, 2]


def test_a_row_finished_by_somebody_else_cannot_be_finished_again(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1)
    (first,) = claim(store)
    (second,) = claim(store, LATER)

    with pytest.raises(StaleClaimError), store.begin() as tx:
        tx.inbound.give_back(first, SOON)
    with store.begin() as tx:
        tx.inbound.give_back(second, SOON)


def test_effects_vanish_together_with_a_finish_that_came_too_late(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1)
    (first,) = claim(store)
    claim(store, LATER)

    with pytest.raises(StaleClaimError), store.begin() as tx:
        tx.outbox.queue(a_mail())
        tx.inbound.give_back(first, SOON)

    with store.read() as tx:
        assert tx.outbox.next_due(1, LATER) is None


def test_a_parked_message_is_tried_again_alone_or_with_all_others(
    store: SqlStore, folder: FolderRow
) -> None:
    record(store, folder, 1, 2, 3)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("update inbound set state = 'parked', failures = 3")

    with store.begin() as tx:
        assert tx.inbound.retry_parked(2, SOON) == 1
        assert tx.inbound.retry_parked(2, SOON) == 0
    assert claim(store, NOW) == ()
    assert [(row.inbound_id, row.failures) for row in claim(store, SOON)] == [(2, 0)]
    with store.begin() as tx:
        assert tx.inbound.retry_parked(None, SOON) == 2


def test_live_mail_is_taken_before_history(store: SqlStore, folder: FolderRow) -> None:
    record(store, folder, 1, 2, history=True)
    record(store, folder, 3)

    assert [row.uid for row in claim(store)] == [3]
    assert [row.uid for row in claim(store)] == [1, 2]


def test_a_batch_is_bounded_in_bytes_but_never_empty(store: SqlStore, folder: FolderRow) -> None:
    large = [Seen(uid, 6_000, NOW, f"{uid:064x}") for uid in (1, 2, 3)]
    with store.begin() as tx:
        tx.inbound.record(1, folder, large, now=NOW)

    assert [row.uid for row in claim(store)] == [1]


def test_two_threads_never_take_the_same_row(store: SqlStore, folder: FolderRow) -> None:
    record(store, folder, *range(1, 101))
    taken: list[int] = []
    ready = Barrier(4)

    def work() -> None:
        ready.wait(timeout=10)
        while rows := claim(store, limit=7):
            taken.extend(row.uid for row in rows)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(taken) == list(range(1, 101))


def test_the_cursor_never_goes_back(store: SqlStore, folder: FolderRow) -> None:
    with store.begin() as tx:
        tx.mailboxes.advance(folder, 9)
        tx.mailboxes.advance(folder, 4)

    with store.read() as tx:
        assert tx.mailboxes.folders(1)[0].last_uid == 9


def test_one_cause_queues_one_mail(store: SqlStore, folder: FolderRow) -> None:
    with store.begin() as tx:
        assert tx.outbox.queue(a_mail()) is not None
        assert tx.outbox.queue(a_mail()) is None


def test_a_250_counts_even_if_the_row_was_cancelled_meanwhile(
    store: SqlStore, folder: FolderRow
) -> None:
    row = queue(store)
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, SOON)
        assert claimed is not None
        tx.outbox.cancel(row.outbox_id, "an operator", NOW)
    with store.begin() as tx:
        tx.outbox.sent(claimed, Reply(250, "2.0.0 Ok"), NOW)

    assert outbox_state(store) == ("sent", "accepted")


def test_a_mail_cancelled_after_the_claim_does_not_reach_the_dot(
    store: SqlStore, folder: FolderRow
) -> None:
    row = queue(store)
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, SOON)
        assert claimed is not None
        tx.outbox.cancel(row.outbox_id, "staff_answered", NOW)

    with pytest.raises(StaleClaimError), store.begin() as tx:
        tx.outbox.mark_dot(claimed, NOW, LATER)


def test_what_died_at_the_dot_keeps_its_phase_through_the_next_claim(
    store: SqlStore, folder: FolderRow
) -> None:
    row = queue(store)
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, SOON)
        assert claimed is not None
        tx.outbox.mark_dot(claimed, NOW, SOON)

    with store.begin() as tx:
        again = tx.outbox.next_due(1, LATER)
        assert again is not None
        reclaimed = tx.outbox.claim(again, LATER + timedelta(minutes=3))

    assert reclaimed is not None
    assert (reclaimed.phase, reclaimed.uncertain_at) == (Phase.DOT, NOW)


def test_a_witness_turns_an_unknown_mail_into_a_sent_one(
    store: SqlStore, folder: FolderRow
) -> None:
    row = queue(store)
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, SOON)
        assert claimed is not None
        tx.outbox.conclude(claimed, OutboxState.UNKNOWN, "no witness", NOW, None)

    with store.begin() as tx:
        assert tx.outbox.witnessed(1, row.message_id, NOW) == row.outbox_id
        assert tx.outbox.witnessed(1, row.message_id, NOW) is None

    assert outbox_state(store) == ("sent", "seen by a witness")


def test_two_processes_cannot_both_pass_a_ceiling(store: SqlStore, folder: FolderRow) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            metadata.tables["thread"]
            .insert()
            .values(
                id=1,
                mailbox_id=1,
                reference="K7F3-Q2",
                status="open",
                **dict.fromkeys(("subject", "bare_subject"), ""),
                **dict.fromkeys(("opened_at", "last_message_at"), NOW),
            )
        )
    with store.begin() as tx:
        tx.outbox.count_response(a_mail(thread_id=1))

    with pytest.raises(StaleClaimError), store.begin() as tx:
        # The same thread acknowledged by somebody who did not see the first entry.
        tx.outbox.count_response(replace(a_mail(thread_id=1), recipient="bert@example.org"))


def test_a_person_can_be_answered_again_after_old_entries_were_deleted(
    store: SqlStore, folder: FolderRow
) -> None:
    for _ in range(3):
        with store.begin() as tx:
            tx.outbox.count_response(a_mail())
    with store.engine.begin() as connection:
        connection.exec_driver_sql("delete from ledger where id = 1")

    with store.begin() as tx:
        tx.outbox.count_response(a_mail())


@pytest.mark.sqlite
def test_sqlite_commits_survive_a_power_cut_by_its_settings(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store = SqlStore(database_url(tmp_path))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")

    with pytest.raises(SchemaError, match="db upgrade"):
        ensure_schema(store.engine)
    store.close()


@pytest.mark.sqlite
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(OperatorError, match=str(tmp_path / "file")):
        SqlStore(f"sqlite:///{tmp_path}/file/sub/mail.db")
