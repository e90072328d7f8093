"""What a decision wants to know, by indexed look-ups: the cost does not grow with the records."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from maildaemon.adapters.sql import questions
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.matters import matter_of
from maildaemon.adapters.sql.tables import message
from maildaemon.domain.authentication import person_key
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import OutboxState, Refusal, Section, provider_id
from maildaemon.domain.message import Message
from maildaemon.domain.responder import Glance
from maildaemon.domain.subjects import bare_subject, subject_tag
from maildaemon.domain.threads import Child, Clues, Known, Lookups, Status, ThreadFacts
from maildaemon.ports.rows import FirstLook, Recognised, Recorded, SentMail

# A crafted References field may cite thousands; the nearest ancestors and the root decide.
_CITED_AT_MOST = 50
# Each thread that is looked into costs; beyond these nothing new is to be expected.
_GUESSED_AT_MOST = 3
_GLANCES_AT_MOST = 10
_OUR_TURN = frozenset({Status.OPEN.value, Status.WORKING.value})
_NO_CLUES = Clues()
_NEVER_SENT = frozenset(
    one.value
    for one in (OutboxState.CANCELLED, OutboxState.HELD, OutboxState.FAILED, OutboxState.EXPIRED)
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What our mails of a thread say, what others would have said (`rehearsed`: shadow), when the
    newest that tells a notice was queued; the rest as in `ThreadFacts`.
    """

    said: frozenset[Section]
    rehearsed: frozenset[Section]
    noticed_at: datetime | None
    asked_how: frozenset[str]
    asks_by_hand: bool


class SqlLookups:
    """The asking half of `ports.store.Records`."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def recognise(self, mailbox_id: int, parsed: Message) -> Recognised:
        """Return whether this message has been seen before, however it arrived."""
        asked = {
            "mailbox_id": mailbox_id,
            "identity": parsed.identity,
            "key": digest(parsed.message_id),
            "author": digest(parsed.from_.key if parsed.from_ else ""),
            "nobody": digest(""),
            "sent_at": parsed.date,
        }
        row = self._connection.execute(questions.RECOGNISED, asked).one()
        return Recognised(row.recorded, bool(row.earlier), bool(row.reused))

    def is_junk(self, message_id: int) -> bool:
        """See `Records.is_junk`."""
        return bool(self._connection.scalar(questions.IN_JUNK, {"message": message_id}))

    def recorded(self, message_id: int) -> Recorded:
        """Return how a recorded message was decided, and the thread it stands in."""
        row = self._connection.execute(questions.MESSAGE, {"message": message_id}).one()
        facts = None if row.thread_id is None else self._facts(row.thread_id)
        return Recorded(
            row.id,
            Kind(row.kind),
            row.in_junk,
            row.history,
            row.received_at,
            facts,
            erased=row.erased_at is not None,
            is_cleared=row.erased_at is not None or row.quoted_at is not None,
        )

    def lookups(self, mailbox_id: int, parsed: Message, clues: Clues = _NO_CLUES) -> Lookups:
        """Return what is known of the ids that the message cites, of those that cite it, and of
        what else may tell its thread.
        """
        cited = tuple(dict.fromkeys((*parsed.cited, *parsed.forwarded)))
        if len(cited) > _CITED_AT_MOST:
            cited = (*cited[: _CITED_AT_MOST - 1], cited[-1])
        by_digest = {digest(one): one for one in cited}
        found = Lookups(
            known=self._known(mailbox_id, by_digest) if by_digest else (),
            tagged=self._tagged(mailbox_id, subject_tag(parsed.subject)),
            addressed=self._tagged(mailbox_id, clues.reply_token),
            children=tuple(self._citing(mailbox_id, digest(parsed.message_id))),
            ordered=self._ordered(mailbox_id, clues),
            resembling=self._resembling(mailbox_id, clues),
        )
        if clues.recipients:
            found = self._with_their_threads(mailbox_id, found, clues)
        thread_ids = (
            *(one.thread_id for one in found.known),
            *(one.thread_id for one in found.children),
            *(found.tagged, found.addressed, *found.ordered, *found.resembling, found.waiting),
        )
        threads = {one: self._facts(one) for one in dict.fromkeys(thread_ids) if one is not None}
        # One of us, whom others stand for, may enter any.
        kept_out = clues.author and not clues.recipients
        own = (
            tuple(self._kept_out(mailbox_id, found.known, threads, clues.author))
            if kept_out
            else ()
        )
        for one in own:
            if one.thread_id is not None and one.thread_id not in threads:
                threads[one.thread_id] = self._facts(one.thread_id)
        return replace(found, known=(*found.known, *own), threads=threads)

    def _kept_out(
        self, mailbox_id: int, known: Iterable[Known], threads: dict[int, ThreadFacts], author: str
    ) -> Iterator[Known]:
        """Yield what else the author has written about mail whose thread he may not enter: all of
        that is one conversation, as if that mail had not come yet.
        """
        for one in known:
            thread = threads.get(one.thread_id or 0)
            if one.cited_only or thread is None or author in thread.participants:
                continue
            shared = self._shared(mailbox_id, digest(one.message_id), one.message_id, False)
            yield from (other for other in shared if other.author == author)

    def _known(self, mailbox_id: int, by_digest: dict[str, str]) -> tuple[Known, ...]:
        found: dict[str, list[Known]] = {}
        for row in self._stored(mailbox_id, by_digest):
            one = by_digest[row.sha256]
            found[row.sha256] = [Known(one, row.thread_id, row.bare_subject)]
        for key, row in self._own(mailbox_id, by_digest):
            subject = bare_subject(row.subject)
            found[key] = [Known(by_digest[key], row.thread_id, subject, own=True)]
        unseen = [key for key in by_digest if key not in found]
        was_earlier = frozenset(self._earlier(mailbox_id, unseen) if unseen else ())
        for key in unseen:
            found[key] = list(self._shared(mailbox_id, key, by_digest[key], key in was_earlier))
        return tuple(known for key in by_digest for known in found[key])

    def _earlier(self, mailbox_id: int, digests: list[str]) -> Iterable[str]:
        return self._connection.scalars(
            questions.EARLIER_IDS, {"mailbox_id": mailbox_id, "keys": digests}
        )

    def _shared(self, mailbox_id: int, key: str, message_id: str, earlier: bool) -> Iterator[Known]:
        """Yield an unseen id as each thread cites it, or what else is known of it."""
        found = [
            Known(
                message_id,
                child.thread_id,
                child.bare_subject,
                cited_only=True,
                author=child.author,
                staff=child.staff,
                direct=child.direct,
                earlier=earlier,
            )
            for child in self._citing(mailbox_id, key)
        ]
        yield from found
        if earlier and not found:
            yield Known(message_id, None, "", earlier=True)

    def _citing(self, mailbox_id: int, key: str) -> Iterator[Child]:
        """Yield the first messages that cite an id, of each thread and author one or two."""
        seen: set[tuple[int, str, str, bool]] = set()
        rows = self._connection.execute(
            questions.FIRST_CITING, {"mailbox_id": mailbox_id, "key": key}
        )
        for row in rows:
            author = row.from_address.lower()
            mark = (row.thread_id, author, row.bare_subject, row.direct)
            if mark in seen:
                continue
            seen.add(mark)
            begun = row.kind == Kind.STAFF and row.answered_at is not None
            yield Child(
                row.message_id,
                row.thread_id,
                row.bare_subject,
                author,
                staff=bool(row.staff_answer or begun),
                direct=row.direct,
            )

    def _ordered(self, mailbox_id: int, clues: Clues) -> tuple[int, ...]:
        """Return the threads under way in which one of these order numbers stands."""
        if not clues.order_numbers:
            return ()
        asked = {(one.name, digest(one.number)) for one in clues.order_numbers}
        rows = self._connection.execute(
            questions.THREADS_OF_NUMBERS,
            {"mailbox_id": mailbox_id, "keys": sorted(key for _, key in asked)},
        )
        found = (row.thread_id for row in rows if (row.name, row.number_sha256) in asked)
        return tuple(dict.fromkeys(found))[:_GUESSED_AT_MOST]

    def _resembling(self, mailbox_id: int, clues: Clues) -> tuple[int, ...]:
        """Return the threads under way with this sender and subject, but for those about another
        order.
        """
        if clues.subject is None or clues.since is None or not clues.author:
            return ()
        if clues.recipients:
            return ()
        rows = self._connection.scalars(
            questions.RESEMBLING,
            {
                "mailbox_id": mailbox_id,
                "key": digest(clues.author),
                "subject": clues.subject,
                "since": clues.since,
            },
        )
        found = tuple(dict.fromkeys(one for one in rows if one is not None))
        if not found and clues.answers:
            # He answers a mail of a person whose id a server on the way has changed.
            found = self._written_to(mailbox_id, clues)
        found = found[:_GUESSED_AT_MOST]
        return tuple(one for one in found if not self._is_about_another(one, clues))

    def _written_to(self, mailbox_id: int, clues: Clues) -> tuple[int, ...]:
        """Return the threads under way in which a person has written to him under this subject."""
        rows = self._connection.scalars(
            questions.WRITTEN_TO,
            {
                "mailbox_id": mailbox_id,
                "keys": [digest(clues.author)],
                "subject": clues.subject,
                "since": clues.since,
            },
        )
        return tuple(dict.fromkeys(rows))

    def _with_their_threads(self, mailbox_id: int, found: Lookups, clues: Clues) -> Lookups:
        """Return what is known with the threads of those to whom one of us writes."""
        keys = [digest(one) for one in clues.recipients]
        asked = {"mailbox_id": mailbox_id, "keys": keys, "since": clues.since}
        rows = self._connection.execute(questions.THREADS_OF_CUSTOMERS, asked).all()
        if not rows:
            # No customer's own address: then one at which she wants to be answered.
            rows = self._connection.execute(questions.THREADS_BY_REPLY_TO, asked).all()
        # The newest first.
        theirs = {row.id: row for row in sorted(rows, key=lambda row: -row.id)}
        fitting = [one for one in theirs if not self._is_about_another(one, clues)]
        ours = [one for one in fitting if theirs[one].status in _OUR_TURN]
        # One mail to many is news, and no answer.
        only = (ours or fitting) if len(clues.recipients) == 1 else []
        same = [one for one in fitting if theirs[one].bare_subject == clues.subject]
        return replace(
            found,
            ordered=tuple(one for one in found.ordered if one in theirs),
            resembling=tuple(same[:_GUESSED_AT_MOST]) if clues.subject else (),
            waiting=only[0] if len(only) == 1 else None,
        )

    def _is_about_another(self, thread_id: int, clues: Clues) -> bool:
        if not clues.order_numbers:
            return False
        rows = self._connection.execute(questions.NUMBERS_OF_THREAD, {"thread_id": thread_id})
        held = {(row.name, row.number_sha256) for row in rows}
        asked = {(one.name, digest(one.number)) for one in clues.order_numbers}
        return bool(held) and not held & asked

    def _stored(self, mailbox_id: int, digests: Collection[str]) -> Iterable[Row[Any]]:
        keys = {f"key{number}": one for number, one in enumerate(digests)}
        return self._connection.execute(
            questions.first_of_each_id(len(keys)), {"mailbox_id": mailbox_id, **keys}
        )

    def _own(self, mailbox_id: int, by_digest: dict[str, str]) -> Iterator[tuple[str, Any]]:
        """Return our own mails among the cited ids, by the id we gave or the server's."""
        by_id = {one: key for key, one in by_digest.items()}
        by_provider = {digest(provider_id(one)): key for key, one in by_digest.items()}
        asked = {"mailbox_id": mailbox_id, "keys": [*by_id], "provider_ids": [*by_provider]}
        rows = self._connection.execute(questions.OURS_BY_ID, asked).all()
        # MariaDB compares without regard to case.
        yield from ((by_id[row.message_id], row) for row in rows if row.message_id in by_id)
        named = (row for row in rows if row.provider_id_sha256 in by_provider)
        yield from ((by_provider[row.provider_id_sha256], row) for row in named)

    def _tagged(self, mailbox_id: int, reference: str | None) -> int | None:
        if reference is None:
            return None
        return self._connection.scalar(
            questions.THREAD_OF_REFERENCE, {"mailbox_id": mailbox_id, "reference": reference}
        )

    def _facts(self, thread_id: int) -> ThreadFacts:
        this = {"thread_id": thread_id}
        row = self._connection.execute(questions.THREAD, this).one()
        people = self._connection.execute(questions.PARTICIPANTS, this).all()
        responses = self._connection.scalars(questions.RESPONSES, this).all()
        told = self._told(thread_id)
        return ThreadFacts(
            thread_id=row.id,
            reference=row.reference,
            status=Status(row.status),
            bare_subject=row.bare_subject,
            participants=frozenset(one.address.lower() for one in people if one.role != "list"),
            customers=frozenset(one.address.lower() for one in people if one.role == "customer"),
            reply_addresses=frozenset(
                one.address.lower() for one in people if one.role == "reply_to"
            ),
            proven=frozenset(one.address.lower() for one in people if one.proven),
            lists=frozenset(one.address for one in people if one.role == "list"),
            consulted=frozenset(one.address.lower() for one in people if one.role == "partner"),
            customer_names=frozenset(
                one.name.strip().lower() for one in people if one.role == "customer" and one.name
            ),
            begun_earlier=row.begun_earlier,
            acknowledged=row.acknowledged_at is not None,
            staff_answered=row.answered_at is not None,
            refusals_explained=Section.REFUSED_FILES in told.said,
            noticed_at=told.noticed_at,
            rehearsed=told.rehearsed,
            untold=self._untold(thread_id) if row.holds_untold else (),
            muted_until=row.muted_until,
            junked=row.junked_at is not None,
            kept_apart=row.kept_apart,
            by_hand=row.by_hand,
            opened_at=row.opened_at,
            resolved_at=row.resolved_at,
            responses_at=tuple(responses),
            last_message_at=row.last_message_at,
            assigned_to=row.assigned_to,
            asked_at=tuple(self._connection.scalars(questions.ASKED_AT, this)),
            matter=matter_of(row),
            asked_how=told.asked_how,
            asks_by_hand=told.asks_by_hand,
        )

    def _told(self, thread_id: int) -> _Told:
        rows = self._connection.execute(questions.SAID, {"thread_id": thread_id}).all()
        meant = [one for one in rows if one.state != OutboxState.SHADOW.value]
        shadow = [one for one in rows if one.state == OutboxState.SHADOW.value]
        noticed = [one.queued_at for one in meant if Section.NOTICE.value in one.sections]
        asked = [
            one
            for one in meant
            if Section.FEEDBACK.value in one.sections and one.state not in _NEVER_SENT
        ]
        return _Told(
            said=frozenset(Section(it) for one in meant for it in one.sections),
            rehearsed=frozenset(Section(it) for one in shadow for it in one.sections),
            noticed_at=max(noticed, default=None),
            asked_how=frozenset(one.message_id for one in asked),
            asks_by_hand=any(one.state == OutboxState.DRAFT.value for one in asked),
        )

    def first_look(
        self, mailbox_id: int, sender: str, message_id: str, reference: str
    ) -> FirstLook:
        """Return what one question tells."""
        asked = {
            "mailbox_id": mailbox_id,
            "key": digest(sender),
            "provider_id": digest(provider_id(message_id)),
            "reference": reference,
        }
        row = self._connection.execute(questions.FIRST_LOOK, asked).one()
        return FirstLook(
            sender_known=bool(row.sender_known),
            sender_muted_until=row.muted_until,
            undeliverable_until=row.undeliverable_until,
            is_provider_id=bool(row.is_provider_id),
            reference_free=not row.reference_taken,
            braked=bool(row.braked),
        )

    def find_sent(self, mailbox_id: int, message_id: str) -> SentMail | None:
        """Return the mail of ours with this id, None if we never queued one to be sent."""
        for _, row in self._own(mailbox_id, {digest(message_id): message_id}):
            if row.state != OutboxState.SHADOW.value:
                recipient = row.recipient.strip().lower()
                return SentMail(row.id, recipient, self._facts(row.thread_id))
        return None

    def find_answer(self, mailbox_id: int, message_id: str) -> ThreadFacts | None:
        """Return the thread in which a person has answered by the mail of this id."""
        thread_id = self._connection.scalar(
            questions.THREAD_OF_ANSWER, {"mailbox_id": mailbox_id, "key": digest(message_id)}
        )
        return None if thread_id is None else self._facts(thread_id)

    def newest_of(self, mailbox_id: int, message_ids: Sequence[str]) -> datetime | None:
        """Return when the newest came that is recorded by one of these Message-IDs."""
        keys = [digest(one) for one in message_ids[:_CITED_AT_MOST]]
        asked = {"mailbox_id": mailbox_id, "keys": keys}
        newest: datetime | None = self._connection.scalar(questions.NEWEST_OF_IDS, asked)
        return newest

    def holds_id(self, mailbox_id: int, message_id: str) -> bool:
        """Tell whether a message with this Message-ID is recorded."""
        return bool(
            self._connection.scalar(
                questions.HOLDS_ID, {"mailbox_id": mailbox_id, "key": digest(message_id)}
            )
        )

    def has_asked(self, mailbox_id: int, address: str) -> bool:
        """Tell whether somebody has written to us as a customer."""
        asked = exists().where(
            message.c.mailbox_id == mailbox_id,
            message.c.sender_sha256 == digest(address),
            message.c.kind == Kind.CUSTOMER.value,
        )
        return bool(self._connection.scalar(select(asked)))

    def sender_responses_at(
        self, mailbox_id: int, address: str, since: datetime
    ) -> tuple[datetime, ...]:
        """Return when responses to this address, in whatever form, were queued."""
        return tuple(
            self._connection.scalars(
                questions.SENDER_RESPONSES,
                {"mailbox_id": mailbox_id, "key": digest(person_key(address)), "since": since},
            )
        )

    def lately_from(
        self,
        mailbox_id: int,
        address: str,
        since: datetime,
        until: datetime,
        languages: tuple[str, ...],
    ) -> tuple[tuple[Glance, ...], str | None]:
        """See `Records.lately_from`."""
        asked = {"mailbox_id": mailbox_id, "key": digest(address)}
        rows = self._connection.execute(questions.LATELY_FROM, asked).all()
        mails = (row for row in rows if row.by_customer and since <= row.received_at <= until)
        glances = (
            Glance(row.bare_subject, row.reply_text) for row in islice(mails, _GLANCES_AT_MOST)
        )
        language = next((row.language for row in rows if row.language in languages), None)
        return tuple(glances), language

    def bounces_since(self, mailbox_id: int, since: datetime) -> int:
        """Return in how many threads mail of ours has bounced since then: a thread counts once,
        or whoever was acknowledged could stop everything with a dozen forged bounces.
        """
        asked = {"mailbox_id": mailbox_id, "since": since}
        return self._connection.scalar(questions.BOUNCES_SINCE, asked) or 0

    def _untold(self, thread_id: int) -> tuple[Refusal, ...]:
        """Return refusals in this thread that no mail has told the customer."""
        rows = self._connection.execute(questions.UNTOLD, {"thread_id": thread_id})
        return tuple(Refusal(row.filename, row.reason) for row in rows)

    def reference_free(self, reference: str) -> bool:
        """Tell whether no thread has this reference."""
        return not self._connection.scalar(questions.REFERENCE_TAKEN, {"reference": reference})
