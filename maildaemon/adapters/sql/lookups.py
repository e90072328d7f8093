"""What a decision wants to know, by indexed look-ups: the cost does not grow with the records."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import (
    attachment,
    citation,
    earlier,
    ledger,
    message,
    outbox,
    participant,
    thread,
    undeliverable,
)
from maildaemon.domain.attachments import Verdict
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import OutboxState, Refusal, Section, provider_id
from maildaemon.domain.message import Message
from maildaemon.domain.responder import Glance
from maildaemon.domain.threads import (
    Known,
    Lookups,
    Status,
    ThreadFacts,
    bare_subject,
    subject_tag,
)
from maildaemon.ports.rows import Recorded, SentMail

# A crafted References field may cite thousands; the nearest ancestors and the root decide.
_CITED_AT_MOST = 50


class SqlLookups:
    """The asking half of `ports.store.Records`."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def find(self, mailbox_id: int, identity: str) -> int | None:
        """Return the record of the same message, however it arrived; None if there is none."""
        return self._connection.scalar(
            select(message.c.id).where(
                message.c.mailbox_id == mailbox_id, message.c.identity == identity
            )
        )

    def recorded(self, message_id: int) -> Recorded:
        """Return how a recorded message was decided, and the thread it stands in."""
        row = self._connection.execute(select(message).where(message.c.id == message_id)).one()
        facts = None if row.thread_id is None else self._facts(row.thread_id)
        return Recorded(row.id, Kind(row.kind), row.in_junk, row.history, row.received_at, facts)

    def lookups(self, mailbox_id: int, parsed: Message) -> Lookups:
        """Return what is known of the ids and the subject tag that the message cites."""
        cited = parsed.cited
        if len(cited) > _CITED_AT_MOST:
            cited = (*cited[: _CITED_AT_MOST - 1], cited[-1])
        by_digest = {digest(one): one for one in cited}
        known = self._known(mailbox_id, by_digest) if by_digest else ()
        tagged = self._tagged(mailbox_id, subject_tag(parsed.subject))
        thread_ids = {one.thread_id for one in known if one.thread_id is not None}
        if tagged is not None:
            thread_ids.add(tagged)
        return Lookups(known, tagged, {one: self._facts(one) for one in thread_ids})

    def _known(self, mailbox_id: int, by_digest: dict[str, str]) -> tuple[Known, ...]:
        found: dict[str, Known] = {}
        for row in self._stored(mailbox_id, by_digest):
            one = by_digest[row.sha256]
            found[row.sha256] = Known(one, row.thread_id, row.bare_subject)
        for key, row in self._own(mailbox_id, by_digest):
            found[key] = Known(by_digest[key], row.thread_id, bare_subject(row.subject), own=True)
        unseen = [key for key in by_digest if key not in found]
        was_earlier = frozenset(self._earlier(mailbox_id, unseen))
        for key in was_earlier:
            found[key] = Known(by_digest[key], None, "", earlier=True)
        for key in unseen:
            if row := self._shared(mailbox_id, key):
                found[key] = Known(
                    by_digest[key],
                    row.thread_id,
                    row.bare_subject,
                    cited_only=True,
                    earlier=key in was_earlier,
                )
        return tuple(found[key] for key in by_digest if key in found)

    def _earlier(self, mailbox_id: int, digests: Iterable[str]) -> Iterable[str]:
        return self._connection.scalars(
            select(earlier.c.message_id_sha256).where(
                earlier.c.mailbox_id == mailbox_id, earlier.c.message_id_sha256.in_(digests)
            )
        )

    def _shared(self, mailbox_id: int, key: str) -> Any:
        """Return the first message that cites this id: a long thread cites its root each time."""
        first = select(func.min(citation.c.message_id)).where(
            citation.c.mailbox_id == mailbox_id, citation.c.cited_sha256 == key
        )
        return self._connection.execute(
            select(message.c.thread_id, message.c.bare_subject).where(
                message.c.id == first.scalar_subquery(), message.c.thread_id.is_not(None)
            )
        ).first()

    def _stored(self, mailbox_id: int, digests: Iterable[str]) -> Iterable[Row[Any]]:
        """Return the first message of each id: who plays an id again does not get its place."""
        first = [
            select(func.min(message.c.id))
            .where(message.c.mailbox_id == mailbox_id, message.c.message_id_sha256 == one)
            .scalar_subquery()
            for one in digests
        ]
        return self._connection.execute(
            select(
                message.c.message_id_sha256.label("sha256"),
                message.c.thread_id,
                message.c.bare_subject,
            ).where(message.c.id.in_(first), message.c.thread_id.is_not(None))
        )

    def _own(self, mailbox_id: int, by_digest: dict[str, str]) -> Iterator[tuple[str, Any]]:
        """Return our own mails among the cited ids, by the id we gave or the server's."""
        mails = (
            select(
                outbox.c.id,
                outbox.c.message_id,
                outbox.c.provider_id_sha256,
                outbox.c.thread_id,
                outbox.c.state,
                thread.c.subject,
            )
            .join(thread, thread.c.id == outbox.c.thread_id)
            .where(outbox.c.mailbox_id == mailbox_id)
        )
        by_id = {one: key for key, one in by_digest.items()}
        rows = self._connection.execute(mails.where(outbox.c.message_id.in_(by_id)))
        # MariaDB compares without regard to case.
        yield from ((by_id[row.message_id], row) for row in rows if row.message_id in by_id)
        by_provider = {digest(provider_id(one)): key for key, one in by_digest.items()}
        rows = self._connection.execute(mails.where(outbox.c.provider_id_sha256.in_(by_provider)))
        yield from ((by_provider[row.provider_id_sha256], row) for row in rows)

    def _tagged(self, mailbox_id: int, reference: str | None) -> int | None:
        if reference is None:
            return None
        # A thread that was merged into another leads there.
        tagged = thread.alias()
        leads_to = func.coalesce(tagged.c.merged_into, tagged.c.reference)
        return self._connection.scalar(
            select(thread.c.id)
            .join(tagged, leads_to == thread.c.reference)
            .where(tagged.c.mailbox_id == mailbox_id, tagged.c.reference == reference)
        )

    def _facts(self, thread_id: int) -> ThreadFacts:
        row = self._connection.execute(select(thread).where(thread.c.id == thread_id)).one()
        people = self._connection.execute(
            select(participant.c.address, participant.c.role).where(
                participant.c.thread_id == thread_id
            )
        ).all()
        responses = self._connection.scalars(
            select(ledger.c.at).where(ledger.c.thread_id == thread_id)
        ).all()
        said, rehearsed, noticed_at = self._said(thread_id)
        return ThreadFacts(
            thread_id=row.id,
            reference=row.reference,
            status=Status(row.status),
            bare_subject=row.bare_subject,
            participants=frozenset(one.address.lower() for one in people),
            customers=frozenset(one.address.lower() for one in people if one.role == "customer"),
            begun_earlier=row.begun_earlier,
            acknowledged=row.acknowledged_at is not None,
            staff_answered=row.answered_at is not None,
            refusals_explained=Section.REFUSED_FILES in said,
            noticed_at=noticed_at,
            rehearsed=rehearsed,
            untold=self._untold(thread_id),
            muted_until=row.muted_until,
            junked=row.junked_at is not None,
            responses_at=tuple(responses),
            last_message_at=row.last_message_at,
        )

    def _said(
        self, thread_id: int
    ) -> tuple[frozenset[Section], frozenset[Section], datetime | None]:
        """Return what our mails of a thread say, what others would have said (shadow), and when
        the newest that tells a notice was queued.
        """
        said: tuple[set[Section], set[Section]] = (set(), set())
        noticed: list[datetime] = []
        for sections, state, queued_at in self._connection.execute(
            select(outbox.c.sections, outbox.c.state, outbox.c.queued_at).where(
                outbox.c.thread_id == thread_id
            )
        ):
            is_rehearsal = state == OutboxState.SHADOW.value
            said[is_rehearsal].update(map(Section, sections))
            if Section.NOTICE.value in sections and not is_rehearsal:
                noticed.append(queued_at)
        return frozenset(said[0]), frozenset(said[1]), max(noticed, default=None)

    def is_provider_id(self, mailbox_id: int, message_id: str) -> bool:
        """Tell whether a server named this id when it took a mail of ours."""
        return bool(
            self._connection.scalar(
                select(
                    exists().where(
                        outbox.c.mailbox_id == mailbox_id,
                        outbox.c.provider_id_sha256 == digest(provider_id(message_id)),
                    )
                )
            )
        )

    def find_sent(self, mailbox_id: int, message_id: str) -> SentMail | None:
        """Return the mail of ours with this id, None if we never queued one to be sent."""
        for _, row in self._own(mailbox_id, {digest(message_id): message_id}):
            if row.state != OutboxState.SHADOW.value:
                return SentMail(row.id, self._facts(row.thread_id))
        return None

    def sender_known(self, mailbox_id: int, address: str) -> bool:
        """Tell whether a person has answered this address, or it wrote before our first start."""
        key = digest(address)
        answered = (
            exists()
            .where(
                participant.c.address_sha256 == key,
                participant.c.role == "customer",
                thread.c.id == participant.c.thread_id,
                thread.c.mailbox_id == mailbox_id,
                thread.c.answered_at.is_not(None),
            )
            .correlate(None)
        )
        wrote = exists().where(earlier.c.mailbox_id == mailbox_id, earlier.c.sender_sha256 == key)
        return any(self._connection.scalar(select(it)) for it in (answered, wrote))

    def is_earlier(self, mailbox_id: int, parsed: Message) -> bool:
        """Tell whether this message was there before the first start."""
        author = parsed.from_.key if parsed.from_ else ""
        found = exists().where(
            earlier.c.mailbox_id == mailbox_id,
            earlier.c.message_id_sha256 == digest(parsed.message_id),
            # What lay in Junk is kept without its sender, who may be forged.
            earlier.c.sender_sha256.in_((digest(author), digest(""))),
            earlier.c.sent_at.is_not_distinct_from(parsed.date),
        )
        return bool(self._connection.scalar(select(found)))

    def holds_id(self, mailbox_id: int, message_id: str) -> bool:
        """Tell whether a message with this Message-ID is recorded."""
        return bool(
            self._connection.scalar(
                select(
                    exists().where(
                        message.c.mailbox_id == mailbox_id,
                        message.c.message_id_sha256 == digest(message_id),
                    )
                )
            )
        )

    def sender_language(
        self, mailbox_id: int, address: str, languages: tuple[str, ...]
    ) -> str | None:
        """Return the language of this address's newest mail that is in one of these."""
        return self._connection.scalar(
            select(message.c.language)
            .where(
                message.c.mailbox_id == mailbox_id,
                message.c.sender_sha256 == digest(address),
                message.c.language.in_(languages),
            )
            .order_by(message.c.id.desc())
            .limit(1)
        )

    def sender_responses_at(
        self, mailbox_id: int, address: str, since: datetime
    ) -> tuple[datetime, ...]:
        """Return when automatic mails to this address were queued."""
        return tuple(
            self._connection.scalars(
                select(ledger.c.at).where(
                    ledger.c.mailbox_id == mailbox_id,
                    ledger.c.recipient_sha256 == digest(address),
                    ledger.c.at >= since,
                )
            )
        )

    def undeliverable_until(self, mailbox_id: int, address: str) -> datetime | None:
        """Return until when nothing automatic goes to this address."""
        return self._connection.scalar(
            select(undeliverable.c.until).where(
                undeliverable.c.mailbox_id == mailbox_id,
                undeliverable.c.address_sha256 == digest(address),
            )
        )

    def recent_from(self, mailbox_id: int, address: str, since: datetime) -> tuple[Glance, ...]:
        """Return what a customer's address has sent us since then (by arrival), at most ten."""
        rows = self._connection.execute(
            select(message.c.bare_subject, message.c.reply_text, message.c.received_at)
            .where(
                message.c.mailbox_id == mailbox_id,
                message.c.sender_sha256 == digest(address),
                message.c.kind == "customer",
                message.c.history.is_(False),
            )
            .order_by(message.c.id.desc())
            .limit(10)
        )
        return tuple(
            Glance(row.bare_subject, row.reply_text) for row in rows if row.received_at >= since
        )

    def bounces_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many bounces of mails of ours were recorded."""
        return (
            self._connection.scalar(
                select(func.count()).where(
                    message.c.mailbox_id == mailbox_id,
                    message.c.kind == "bounce",
                    message.c.thread_id.is_not(None),
                    message.c.recorded_at >= since,
                )
            )
            or 0
        )

    def _untold(self, thread_id: int) -> tuple[Refusal, ...]:
        """Return refusals in this thread that no mail has told the customer."""
        theirs = select(message.c.id).where(
            message.c.thread_id == thread_id, message.c.kind == "customer"
        )
        rows = self._connection.execute(
            select(attachment.c.filename, attachment.c.reason)
            .where(
                attachment.c.message_id.in_(theirs),
                attachment.c.verdict == Verdict.REFUSED.value,
                attachment.c.told_at.is_(None),
            )
            .order_by(attachment.c.id)
        )
        return tuple(Refusal(row.filename, row.reason) for row in rows)

    def reference_free(self, reference: str) -> bool:
        """Tell whether no thread has this reference."""
        return not self._connection.scalar(select(exists().where(thread.c.reference == reference)))
