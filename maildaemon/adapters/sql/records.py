"""Messages, threads and files: written once, asked for by indexed look-ups only."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from maildaemon.adapters.sql import quarantine, questions, second_look
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.inserts import insert_missing, insert_one
from maildaemon.adapters.sql.lookups import SqlLookups
from maildaemon.adapters.sql.matters import matter_as_columns, save_numbers, understood_as_json
from maildaemon.adapters.sql.tables import (
    attachment,
    citation,
    event,
    message,
    participant,
    thread,
    undeliverable,
)
from maildaemon.domain.actions import OpenThread
from maildaemon.domain.attachments import Judged, Verdict
from maildaemon.domain.decide import Decision
from maildaemon.domain.message import Address, Attachment, Message
from maildaemon.domain.subjects import bare_subject
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Matter
from maildaemon.ports import Role
from maildaemon.ports.rows import InboundRow

# Put together once, as in `questions`; further values that are given with them are set as well.
CHANGE_THREAD = update(thread).where(thread.c.id == bindparam("thread"))
_AT = bindparam("at", type_=thread.c.last_message_at.type)
_JOIN = CHANGE_THREAD.values(
    last_message_at=case((thread.c.last_message_at < _AT, _AT), else_=thread.c.last_message_at)
)
_MAKE_CUSTOMERS = (
    update(participant)
    .where(
        participant.c.thread_id == bindparam("thread"),
        participant.c.address_sha256.in_(bindparam("keys", expanding=True)),
        participant.c.role.in_(("copied", "reply_to")),
    )
    .values(role="customer")
)
_MAKE_PROVEN = (
    update(participant)
    .where(
        participant.c.thread_id == bindparam("thread"),
        participant.c.address_sha256.in_(bindparam("keys", expanding=True)),
        participant.c.proven.is_(False),
    )
    .values(proven=True)
)


class SqlRecords(SqlLookups):
    """`ports.store.Records` on one connection."""

    def __init__(self, connection: Connection, grown: set[int]) -> None:
        """Work within the transaction of this connection; `grown` as in `SqlTransaction`."""
        super().__init__(connection)
        self._connection = connection
        self._grown = grown

    def save_message(
        self,
        row: InboundRow,
        parsed: Message,
        decision: Decision,
        thread_id: int | None,
        held_until: datetime,
    ) -> int:
        """Keep the message, its citations and its judged files; return its id."""
        author = parsed.from_ or Address("", "")
        message_id = insert_one(
            self._connection,
            message,
            mailbox_id=row.mailbox_id,
            identity=parsed.identity,
            message_id=parsed.message_id,
            message_id_sha256=digest(parsed.message_id),
            thread_id=thread_id,
            kind=decision.judgement.kind.value,
            evidence=list(decision.judgement.evidence),
            from_name=author.name,
            from_address=author.address,
            sender_sha256=digest(author.key),
            recipients=_recipients(parsed),
            subject=parsed.subject,
            bare_subject=bare_subject(parsed.subject),
            sent_at=parsed.date,
            received_at=row.received_at,
            recorded_at=row.recorded_at,
            size=row.size,
            raw_sha256=row.raw_sha256,
            text=parsed.text,
            reply_text=parsed.reply_text,
            language=parsed.sure_language,
            defects=list(parsed.defects),
            match=decision.match.rule.value,
            why_match=decision.match.why,
            silence=decision.silence.value if decision.silence else None,
            report=_report(parsed),
            understood=understood_as_json(decision.understanding),
            staff_answer=decision.staff_answer,
            rating=decision.rating,
            history=row.history,
            in_junk=row.role is Role.JUNK,
        )
        # What stands in no thread leads nobody into one.
        if thread_id is not None:
            insert_missing(self._connection, citation, _citations(row, parsed, message_id))
        files = [
            _attachment(message_id, position, *judged, held_until, row.recorded_at)
            for position, judged in enumerate(
                zip(parsed.attachments, decision.verdicts, strict=True)
            )
        ]
        insert_missing(self._connection, attachment, files)
        named = decision.understanding.order_numbers
        save_numbers(self._connection, row.mailbox_id, thread_id, message_id, named)
        return message_id

    def drop_files(self, now: datetime, most: int) -> tuple[int, list[str]]:
        """See `Records.drop_files`."""
        return quarantine.drop_files(self._connection, now, most)

    def holds_files(self, contents: Sequence[str]) -> frozenset[str]:
        """See `Records.holds_files`."""
        return quarantine.holds_files(self._connection, contents)

    def decide_again(
        self,
        message_id: int,
        decision: Decision,
        thread_id: int | None,
        *,
        in_junk: bool,
        held_until: datetime,
        now: datetime,
    ) -> None:
        """Put a later decision in the place of the one by which the message was recorded."""
        second_look.decide_again(self._connection, message_id, decision, thread_id, in_junk=in_junk)
        for position, judged in enumerate(decision.verdicts):
            quarantine.judge_again(self._connection, message_id, position, judged, held_until, now)

    def junk(self, thread_id: int, at: datetime) -> None:
        """Note that a person moved a message of this thread to Junk."""
        second_look.junk(self._connection, thread_id, at)

    def unjunk(self, message_id: int) -> None:
        """Note that this message came back from Junk, and the thread it stands in with it."""
        second_look.unjunk(self._connection, message_id)

    def move_message(self, message_id: int, thread_id: int, decision: Decision) -> None:
        """Put a recorded message where a later, better look at it says that it belongs."""
        self._connection.execute(
            update(message)
            .where(message.c.id == message_id)
            .values(
                thread_id=thread_id,
                kind=decision.judgement.kind.value,
                match=decision.match.rule.value,
                why_match=decision.match.why,
                staff_answer=decision.staff_answer,
            )
        )

    def open_thread(
        self, row: InboundRow, opening: OpenThread, parsed: Message, matter: Matter
    ) -> int:
        """Begin a thread; return its id."""
        return insert_one(
            self._connection,
            thread,
            mailbox_id=row.mailbox_id,
            reference=opening.reference,
            status=opening.status.value,
            subject=parsed.subject,
            bare_subject=bare_subject(parsed.subject),
            language=parsed.sure_language,
            opened_at=row.received_at,
            last_message_at=row.received_at,
            linked_to=opening.linked_to or opening.continues,
            stranger=opening.linked_to is not None,
            begun_earlier=opening.begun_earlier,
            history=row.history,
            **matter_as_columns(matter),
        )

    def join_thread(
        self,
        thread_id: int,
        status: Status | None,
        at: datetime,
        matter: Matter | None = None,
        *,
        begins: bool = False,
        live: bool = False,
    ) -> None:
        """Note a further message in a thread; it may be older than the newest."""
        values: dict[str, Any] = (
            {} if status is None else {"status": status.value, "by_hand": False}
        )
        values |= matter_as_columns(matter) if matter is not None else {}
        if begins:
            values["begun_earlier"] = False
        if live:
            # Conversations that were imported go on: what is asked in them now is looked after.
            values["history"] = False
        self._connection.execute(_JOIN, {"thread": thread_id, "at": at, **values})

    def add_participants(
        self, thread_id: int, addresses: Iterable[Address], role: str, *, proven: bool = False
    ) -> None:
        """Let people into a thread; once a customer, always one."""
        rows = [
            {
                "thread_id": thread_id,
                "address": address.address,
                "address_sha256": digest(address.key),
                "name": address.name,
                "role": role,
                "proven": proven,
            }
            for address in addresses
        ]
        if insert_missing(self._connection, participant, rows) == len(rows):
            return  # nobody of them took part so far
        if role == "customer":
            # Who was only copied so far, and writes or is written to, is one from now on.
            keys = [row["address_sha256"] for row in rows]
            self._connection.execute(_MAKE_CUSTOMERS, {"thread": thread_id, "keys": keys})
        if proven:
            keys = [row["address_sha256"] for row in rows]
            self._connection.execute(_MAKE_PROVEN, {"thread": thread_id, "keys": keys})

    def answered(self, thread_id: int, at: datetime, message_id: int) -> timedelta | None:
        """See `Records.answered`. The first wait that ended is kept with the thread."""
        asked = {"thread_id": thread_id, "at": at, "message_id": message_id}
        row = self._connection.execute(questions.WAITED, asked).one()
        waited = None if row.since is None else at - row.since
        first: dict[str, Any] = {} if row.answered_at else {"answered_at": at}
        if waited is not None and row.first_reply_seconds is None:
            first["first_reply_seconds"] = round(waited.total_seconds())
        if first:
            self._update_thread(thread_id, **first)
        return waited

    def acknowledged(self, thread_id: int, at: datetime) -> None:
        """Note that the customer of this thread has been acknowledged."""
        self._update_thread(thread_id, acknowledged_at=at)

    def asked(self, thread_id: int) -> None:
        """Note that the customer has been asked for what is missing in this thread."""
        row = self._connection.execute(select(thread).where(thread.c.id == thread_id)).one()
        self._update_thread(thread_id, asked=list(dict.fromkeys((*row.asked, *row.missing))))

    def told(self, thread_id: int, at: datetime) -> None:
        """Note that all refusals of this thread have been told."""
        in_thread = select(message.c.id).where(message.c.thread_id == thread_id)
        # To change what a question finds, MariaDB looks through all files: so they are named.
        untold = self._connection.scalars(
            select(attachment.c.id).where(
                attachment.c.message_id.in_(in_thread),
                attachment.c.verdict == Verdict.REFUSED.value,
                attachment.c.told_at.is_(None),
            )
        ).all()
        self._connection.execute(
            update(attachment).where(attachment.c.id.in_(untold)).values(told_at=at)
        )

    def mark_undeliverable(
        self, mailbox_id: int, address: str, until: datetime, status: str
    ) -> None:
        """Let nothing automatic go to this address until then."""
        changed = self._connection.execute(
            update(undeliverable)
            .where(
                undeliverable.c.mailbox_id == mailbox_id,
                undeliverable.c.address_sha256 == digest(address),
            )
            .values(until=until, status=status)
        )
        if changed.rowcount == 0:
            self._connection.execute(
                insert(undeliverable).values(
                    mailbox_id=mailbox_id,
                    address_sha256=digest(address),
                    until=until,
                    status=status,
                )
            )

    def mark_deliverable(self, mailbox_id: int, address: str, now: datetime) -> None:
        """Let automatic mail go to an address again that was dead."""
        self._connection.execute(
            update(undeliverable)
            .where(
                undeliverable.c.mailbox_id == mailbox_id,
                undeliverable.c.address_sha256 == digest(address),
            )
            .values(until=now)
        )

    def note(
        self,
        mailbox_id: int,
        what: str,
        at: datetime,
        *,
        thread_id: int | None = None,
        message_id: int | None = None,
        outbox_id: int | None = None,
        **detail: Any,
    ) -> None:
        """Add an event to the append-only history."""
        insert_one(
            self._connection,
            event,
            mailbox_id=mailbox_id,
            thread_id=thread_id,
            at=at,
            event=what,
            message_id=message_id,
            outbox_id=outbox_id,
            detail=detail,
        )
        if thread_id is not None:
            self._grown.add(thread_id)

    def _update_thread(self, thread_id: int, **values: Any) -> None:
        self._connection.execute(CHANGE_THREAD, {"thread": thread_id, **values})


def _citations(row: InboundRow, parsed: Message, message_id: int) -> list[dict[str, Any]]:
    mailbox_id, answered = row.mailbox_id, frozenset(parsed.in_reply_to)
    return [
        {
            "mailbox_id": mailbox_id,
            "cited_sha256": digest(one),
            "message_id": message_id,
            "direct": one in answered,
        }
        for one in parsed.cited
    ]


def _recipients(parsed: Message) -> list[dict[str, str]]:
    return [
        {"field": field, "name": one.name, "address": one.address}
        for field, addresses in (("to", parsed.to), ("cc", parsed.cc), ("bcc", parsed.bcc))
        for one in addresses
    ]


def _report(parsed: Message) -> dict[str, Any] | None:
    if parsed.bounce is None:
        return None
    return {
        "original_message_id": parsed.bounce.original_message_id,
        "recipients": [asdict(recipient) for recipient in parsed.bounce.recipients],
    }


def _attachment(
    message_id: int,
    position: int,
    file: Attachment,
    judged: Judged,
    held_until: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "position": position,
        "filename": file.filename,
        "names": list(file.names),
        "declared_type": file.declared_type,
        "detected_type": file.detected_type,
        "size": file.size,
        "sha256": file.sha256,
        "inline": file.inline,
        "findings": list(file.findings),
        **quarantine.as_columns(judged, held_until, now),
    }
