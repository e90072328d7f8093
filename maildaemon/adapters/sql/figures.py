"""What the months looked like: everything that a report counts, read once for a mailbox."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from maildaemon.adapters.sql.cases import IS_TOLD, SETTLING, dates_told, settled_at
from maildaemon.adapters.sql.matters import matter_of
from maildaemon.adapters.sql.overview import open_threads
from maildaemon.adapters.sql.tables import attachment, event, message, outbox, thread
from maildaemon.domain.attachments import Verdict
from maildaemon.domain.automatic import Kind
from maildaemon.domain.decide import THANKS_ONLY
from maildaemon.domain.delivery import MailKind, OutboxState
from maildaemon.domain.figures import Chronicle, Conversation, Sent
from maildaemon.domain.overview import Waiting
from maildaemon.domain.policy import Policy
from maildaemon.domain.timers import Written
from maildaemon.ports.timers import DATE_NAMED

_DIGITS = re.compile(r"\d+")
_LONGEST = 80
# Nobody wonders why our own mail is not answered.
_OURS = (Kind.OWN.value, Kind.STAFF.value, Kind.PROBE.value)
_ENDED = {OutboxState.SENT: "sent", OutboxState.DRAFT: "drafts", OutboxState.SHADOW: "shadow"}


class SqlFigures:
    """The counts of one mailbox, on one connection."""

    def __init__(self, connection: Connection, mailbox_id: int) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection
        self._mailbox_id = mailbox_id

    def chronicle(
        self, policy: Policy, since: datetime, until: datetime, now: datetime
    ) -> Chronicle:
        """Return all that is counted."""
        arrived = and_(
            message.c.mailbox_id == self._mailbox_id,
            message.c.received_at >= since,
            message.c.received_at < until,
            message.c.history.is_(False),
        )
        waiting, _, _ = open_threads(self._connection, self._mailbox_id, policy, now, None)
        return Chronicle(
            conversations=tuple(self._conversations(since)),
            silences=self._count(
                message.c.silence,
                arrived,
                message.c.silence.is_not(None),
                message.c.kind.not_in(_OURS),
            ),
            refused=self._files(arrived, Verdict.REFUSED),
            held=self._files(arrived, Verdict.HELD),
            ratings=self._ratings(arrived),
            mails=tuple(self._mails(since, until)),
            statuses=self._count(
                thread.c.status,
                thread.c.mailbox_id == self._mailbox_id,
                thread.c.history.is_(False),
                thread.c.merged_into.is_(None),
            ),
            waiting=waiting,
        )

    def lately(self, since: datetime) -> tuple[dict[str, int], tuple[Sent, ...]]:
        """Return why there was no automatic answer, how often, and the mails of ours that went."""
        others = [one.value for one in Kind if one.value not in _OURS]
        silences = self._count(
            message.c.silence,
            message.c.mailbox_id == self._mailbox_id,
            message.c.kind.in_(others),
            message.c.recorded_at >= since,
            message.c.silence.is_not(None),
            message.c.history.is_(False),
        )
        gone = {OutboxState.SENT.value: "sent", OutboxState.DRAFT.value: "drafts"}
        columns = outbox.c.kind, outbox.c.sections, outbox.c.state
        rows = self._connection.execute(
            select(*columns).where(
                outbox.c.mailbox_id == self._mailbox_id,
                outbox.c.kind != MailKind.PROBE.value,
                outbox.c.state.in_(gone),
                outbox.c.concluded_at >= since,
            )
        )
        counted = Counter((_what(row), gone[row.state]) for row in rows)
        mails = {what: {name: counted[what, name] for name in gone.values()} for what, _ in counted}
        return dict(silences), tuple(Sent(what, **mails[what]) for what in sorted(mails))

    def waiting(self, policy: Policy, now: datetime) -> tuple[Waiting, ...]:
        """Return the customers who wait for us."""
        return open_threads(self._connection, self._mailbox_id, policy, now, None)[0]

    def _conversations(self, since: datetime) -> Iterator[Conversation]:
        """Yield what has had mail since then; what came later counts, too: it may be the answer."""
        which = and_(
            thread.c.mailbox_id == self._mailbox_id,
            thread.c.last_message_at >= since,
            thread.c.history.is_(False),
            thread.c.merged_into.is_(None),
        )
        written, questions = self._written(which)
        milestones = self._milestones(which)
        for row in self._connection.execute(select(thread).where(which).order_by(thread.c.id)):
            if row.id in written:
                passed = milestones.get(row.id, ())
                yield Conversation(
                    matter=matter_of(row),
                    written=tuple(written[row.id]),
                    settled=tuple(settled_at(passed)),
                    promised=dates_told(passed),
                    question=questions.get(row.id, ""),
                )

    def _written(
        self, which: ColumnElement[bool]
    ) -> tuple[dict[int, list[Written]], dict[int, str]]:
        columns = (
            *(message.c.thread_id, message.c.kind, message.c.received_at, message.c.staff_answer),
            *(message.c.evidence, message.c.bare_subject, message.c.understood),
        )
        statement = (
            select(*columns)
            .join(thread, thread.c.id == message.c.thread_id)
            .where(which, message.c.history.is_(False))
            .order_by(message.c.received_at, message.c.id)
        )
        written: dict[int, list[Written]] = {}
        questions: dict[int, str] = {}
        for row in self._connection.execute(statement):
            begins = row.thread_id not in written and row.kind == Kind.STAFF.value
            if row.kind == Kind.CUSTOMER.value:
                thanks = THANKS_ONLY in row.evidence
                written.setdefault(row.thread_id, []).append(Written(row.received_at, True, thanks))
                questions.setdefault(row.thread_id, _question(row))
            elif row.staff_answer or begins:
                written.setdefault(row.thread_id, []).append(Written(row.received_at, False))
        return written, questions

    def _milestones(self, which: ColumnElement[bool]) -> dict[int, list[Any]]:
        """Return when matters were settled, and which dates customers were told, by thread."""
        told = and_(event.c.event == DATE_NAMED, IS_TOLD)
        statement = (
            select(event.c.thread_id, event.c.event, event.c.at, event.c.detail)
            .join(thread, thread.c.id == event.c.thread_id)
            .outerjoin(outbox, outbox.c.id == event.c.outbox_id)
            .where(which, or_(event.c.event.in_(SETTLING), told))
            .order_by(event.c.thread_id, event.c.id)
        )
        rows = groupby(self._connection.execute(statement), key=lambda row: row.thread_id)
        return {thread_id: list(events) for thread_id, events in rows}

    def _files(self, arrived: ColumnElement[bool], verdict: Verdict) -> dict[str, int]:
        counted = (
            select(attachment.c.reason, func.count())
            .join(message, message.c.id == attachment.c.message_id)
            .where(arrived, attachment.c.verdict == verdict.value, attachment.c.reason.is_not(None))
            .group_by(attachment.c.reason)
        )
        return {row[0]: row[1] for row in self._connection.execute(counted)}

    def _ratings(self, arrived: ColumnElement[bool]) -> tuple[int | None, ...]:
        statement = (
            select(message.c.thread_id, message.c.rating)
            .where(arrived, message.c.rating.is_not(None))
            .order_by(message.c.received_at, message.c.id)
        )
        # Of each conversation what was said last.
        last = {row.thread_id: row.rating for row in self._connection.execute(statement)}
        return tuple(last.values())

    def _mails(self, since: datetime, until: datetime) -> Iterator[Sent]:
        columns = outbox.c.kind, outbox.c.sections, outbox.c.state
        statement = select(*columns).where(
            outbox.c.mailbox_id == self._mailbox_id,
            outbox.c.kind != MailKind.PROBE.value,
            outbox.c.queued_at >= since,
            outbox.c.queued_at < until,
            outbox.c.state.in_([one.value for one in _ENDED]),
        )
        counted = Counter((_what(row), row.state) for row in self._connection.execute(statement))
        for what in {what for what, _ in counted}:
            numbers = {name: counted[what, state.value] for state, name in _ENDED.items()}
            yield Sent(what, **numbers)

    def _count(self, column: Any, *conditions: ColumnElement[bool]) -> Mapping[str, int]:
        counted = select(column, func.count()).where(*conditions).group_by(column)
        return {row[0]: row[1] for row in self._connection.execute(counted)}


def _question(row: Any) -> str:
    """Return by what questions are compared: the shop's own rules, else the subject, in which
    numbers make no difference.
    """
    rules = (row.understood or {}).get("rules") or ()
    if rules:
        return ", ".join(rules)
    return _DIGITS.sub("…", " ".join(row.bare_subject.lower().split()))[:_LONGEST]


def _what(row: Any) -> str:
    kinds = {MailKind.RESPONSE.value, MailKind.TIMED.value}
    return " + ".join(row.sections) if row.kind in kinds else row.kind
