"""What the services need from the database: queues, records, and transactions around them.

Every queue row carries `attempts`, the fence: taking a row commits its next attempt first, and
finishing it succeeds only while nobody else has taken it meanwhile (StaleClaimError otherwise).
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from maildaemon.domain.actions import OpenThread
from maildaemon.domain.context import Decision
from maildaemon.domain.delivery import MailKind, OutboxState, Reply
from maildaemon.domain.message import Address, Message
from maildaemon.domain.responder import Glance
from maildaemon.domain.threads import Clues, Lookups, Status, ThreadFacts
from maildaemon.domain.understanding import Matter
from maildaemon.ports import Role
from maildaemon.ports.audit import Audits
from maildaemon.ports.brakes import Alerts, Brakes
from maildaemon.ports.by_hand import ByHand
from maildaemon.ports.chains import Chains
from maildaemon.ports.due import Due
from maildaemon.ports.inbound import Inbound
from maildaemon.ports.leases import Leases
from maildaemon.ports.marks import Marks
from maildaemon.ports.overview import Overview
from maildaemon.ports.persons import Persons
from maildaemon.ports.probes import Probes
from maildaemon.ports.rebuild import Rebuilding
from maildaemon.ports.removals import Removals
from maildaemon.ports.retention import Retaining
from maildaemon.ports.rows import (
    AccountRow,
    Concern,
    Earlier,
    FirstLook,
    FolderRow,
    InboundRow,
    MailboxRow,
    NewMail,
    OutboxRow,
    Recognised,
    Recorded,
    SentMail,
)
from maildaemon.ports.settlements import Settlements
from maildaemon.ports.timers import Timers


class Mailboxes(Protocol):
    """Mailboxes, their folders, cursors and accounts."""

    def ensure(self, name: str) -> MailboxRow:
        """Return the mailbox of this name, making it if need be."""

    def started(self, mailbox_id: int, at: datetime) -> None:
        """Note that the history has been read and the cursors stand."""

    def all(self) -> tuple[MailboxRow, ...]:
        """Return every mailbox that was ever used."""

    def get(self, mailbox_id: int) -> MailboxRow:
        """Return the row of this mailbox."""

    def witness_horizon(self, mailbox_id: int, since: datetime | None = None) -> datetime | None:
        """Return until when everything in Sent is recorded and decided, the beginning of time if
        some of it is not decided yet; None if there is no Sent folder, so that nothing could be
        seen there. Gaps and parked messages do not count: see `hidden_in_sent`. `since`: what was
        recorded before that need not be decided.
        """

    def sent_read_until(
        self, mailbox_id: int, now: datetime, taken_since: datetime
    ) -> datetime | None:
        """Return until when everything in Sent is recorded and decided, the beginning of time if
        some of it is due to be processed, or has been taken for it since then and is not decided;
        None if there is no Sent folder.
        """

    def hidden_in_sent(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether Sent has shown a message since then that we could not read: the server
        withholds it, or it is parked.
        """

    def learn_server_files_sent(self, mailbox_id: int, files: bool) -> None:
        """Remember whether the server files sent mail by itself."""

    def folders(self, mailbox_id: int) -> tuple[FolderRow, ...]:
        """Return the folders that have a cursor."""

    def set_cursor(
        self, mailbox_id: int, name: str, role: Role, uidvalidity: int, last_uid: int
    ) -> FolderRow:
        """Make a folder, or start its cursor anew after a change of UIDVALIDITY."""

    def began(self, row: FolderRow, uid: int) -> None:
        """Note above which message everything in this folder is to be recorded."""

    def advance(self, row: FolderRow, last_uid: int) -> None:
        """Move the cursor. It never goes back, nor forward under another UIDVALIDITY."""

    def hold(self, row: FolderRow, uid: int | None, since: datetime | None) -> None:
        """Note up to which message, and since when, the folder waits for the other mailboxes."""

    def has_decided_since(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether the mailbox has been read since then, and nothing live waits in it."""

    def waits(self, mailbox_id: int) -> bool:
        """Tell whether something live is recorded and not decided yet."""

    def is_behind(self, mailbox_id: int, since: datetime) -> bool:
        """Tell whether the mailbox was read last before then, or something live that was recorded
        before then waits in it.
        """

    def looked(self, row: FolderRow, at: datetime) -> None:
        """Note that everything the server listed at this time stands recorded, unless the folder
        has been renumbered meanwhile.
        """

    def demote(self, folder_id: int) -> None:
        """Note that this folder is not the one for sent mail any more."""

    def account(self, mailbox_id: int, service: str) -> AccountRow:
        """Return how the account (`imap` or `smtp`) behaves; zeros if nothing is known."""

    def save_account(self, mailbox_id: int, service: str, row: AccountRow) -> None:
        """Keep how the account behaves."""

    def concerned(self, mailbox_id: int, kind: str, found: Sequence[Concern]) -> bool:
        """Tell whether exactly these concerns of a kind are on record."""

    def set_concerns(
        self, mailbox_id: int, kind: str, found: Sequence[Concern], at: datetime
    ) -> tuple[Concern, ...]:
        """Let exactly these concerns of a kind be on record; return those that are new."""


class Records(Protocol):
    """Messages, threads, attachments, and what a decision wants to know of them."""

    def recognise(self, mailbox_id: int, parsed: Message) -> Recognised:
        """Return whether this message has been seen before, however it arrived."""

    def lookups(self, mailbox_id: int, parsed: Message, clues: Clues = ...) -> Lookups:
        """Return what is known of the ids that the message cites, of those that cite it, and of
        what else may tell its thread.
        """

    def first_look(
        self, mailbox_id: int, sender: str, message_id: str, reference: str
    ) -> FirstLook:
        """Return what one question tells about a message: of its sender's address, its id, and
        the reference that a thread begun by it would have.
        """

    def find_sent(self, mailbox_id: int, message_id: str) -> SentMail | None:
        """Return the mail of ours with this id, None if we never queued one to be sent."""

    def find_answer(self, mailbox_id: int, message_id: str) -> ThreadFacts | None:
        """Return the thread in which a person has answered by the mail of this id, None if nobody
        has.
        """

    def newest_of(self, mailbox_id: int, message_ids: Sequence[str]) -> datetime | None:
        """Return when the newest came that has one of these Message-IDs, None if none has."""

    def holds_id(self, mailbox_id: int, message_id: str) -> bool:
        """Tell whether a message with this Message-ID is recorded."""

    def sender_responses_at(
        self, mailbox_id: int, address: str, since: datetime
    ) -> tuple[datetime, ...]:
        """Return when automatic mails to this address were queued."""

    def mark_deliverable(self, mailbox_id: int, address: str, now: datetime) -> None:
        """Let automatic mail go to an address again that was dead."""

    def has_asked(self, mailbox_id: int, address: str) -> bool:
        """Tell whether somebody (by the key of his address) has written to us as a customer."""

    def lately_from(
        self,
        mailbox_id: int,
        address: str,
        since: datetime,
        until: datetime,
        languages: tuple[str, ...],
    ) -> tuple[tuple[Glance, ...], str | None]:
        """Return what a customer's address has sent us within that span, ends included, by arrival,
        and the language of its newest mail that is in one of these.
        """

    def bounces_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many bounces of mails of ours were recorded."""

    def reference_free(self, reference: str) -> bool:
        """Tell whether no thread has this reference."""

    def save_message(
        self,
        row: InboundRow,
        parsed: Message,
        decision: Decision,
        thread_id: int | None,
        held_until: datetime,
    ) -> int:
        """Keep the message, its citations and its judged files; return its id."""

    def is_junk(self, message_id: int) -> bool:
        """Tell whether a recorded message lies in Junk as far as we have seen."""

    def recorded(self, message_id: int) -> Recorded:
        """Return how a recorded message was decided, and the thread it stands in."""

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
        """Put a later decision in the place of the one by which the message was recorded, also of
        its files, whose bytes have just been kept again.
        """

    def junk(self, thread_id: int, at: datetime) -> None:
        """Note that a person moved a message of this thread to Junk: nobody's turn, unless a
        person has answered in it.
        """

    def unjunk(self, message_id: int) -> None:
        """Note that this message came back from Junk, and the thread it stands in with it."""

    def move_message(self, message_id: int, thread_id: int, decision: Decision) -> None:
        """Put a recorded message where a later, better look at it says that it belongs."""

    def open_thread(
        self, row: InboundRow, opening: OpenThread, parsed: Message, matter: Matter
    ) -> int:
        """Begin a thread; return its id."""

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
        """Note a further message in a thread; it may be older than the newest. `matter` is what
        the thread is about now, None if that is as it was. `begins`: it is the message with which
        the conversation began. `live`: it is no history, nor is the thread from then on.
        """

    def add_participants(
        self, thread_id: int, addresses: Iterable[Address], role: str, *, proven: bool = False
    ) -> None:
        """Let people into a thread, as `customer`, `copied` or `partner`; a customer stays one. The
        same for `proven`: our own server vouches for their mail. A `list` is named by its id.
        """

    def answered(self, thread_id: int, at: datetime, message_id: int) -> timedelta | None:
        """Note an answer by a person; return for how long the customer had waited for it, since
        the oldest of his messages that nobody had answered. None if he did not wait.
        """

    def acknowledged(self, thread_id: int, at: datetime) -> None:
        """Note that the customer of this thread has been acknowledged."""

    def asked(self, thread_id: int) -> None:
        """Note that the customer has been asked for what is missing in this thread."""

    def drop_files(self, now: datetime, most: int) -> tuple[int, list[str]]:
        """Note that held and refused files are over whose time is, at most so many; return how
        many, and the sha256 of those contents that no record holds any more.
        """

    def holds_files(self, contents: Sequence[str]) -> frozenset[str]:
        """Return those of the contents (sha256) that a record still holds."""

    def told(self, thread_id: int, at: datetime) -> None:
        """Note that all refusals of this thread have been told."""

    def mark_undeliverable(
        self, mailbox_id: int, address: str, until: datetime, status: str
    ) -> None:
        """Let nothing automatic go to this address until then."""

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


class Outbox(Settlements, Protocol):
    """What is to be sent, what was sent, and what is still to be filed."""

    def queue(self, mail: NewMail) -> int | None:
        """Queue a mail; None if the same cause has queued one already, unless that was withdrawn:
        then this one takes its place.
        """

    def adopt(self, mail: NewMail) -> int | None:
        """Enter a mail that was sent before these records began; None if it is known."""

    def count_response(self, mail: NewMail) -> None:
        """Enter a response into the ledger. Raises StaleClaimError if another process has just
        entered one that this decision did not know.
        """

    def next_due(self, mailbox_id: int, now: datetime) -> OutboxRow | None:
        """Return the queued row that is to be looked at next: one that only is to be concluded
        (uncertain, or expired) before those to be sent, these as they were queued.
        """

    def next_of_kind(self, mailbox_id: int, kind: MailKind, now: datetime) -> OutboxRow | None:
        """Return the queued row of this kind that is to be sent next."""

    def claim(self, row: OutboxRow, until: datetime) -> OutboxRow | None:
        """Take a row; None if it was taken, concluded or cancelled meanwhile."""

    def mark_dot(self, row: OutboxRow, now: datetime, until: datetime) -> None:
        """Note that from now on the server may have accepted the mail."""

    def sent(self, row: OutboxRow, reply: Reply, now: datetime) -> None:
        """Conclude as sent. Beats every fence: a 250 happened, whatever was decided since."""

    def conclude(
        self, row: OutboxRow, state: OutboxState, why: str, now: datetime, reply: Reply | None
    ) -> None:
        """Conclude a claimed row finally without a 250."""

    def retry(
        self, row: OutboxRow, at: datetime, why: str, reply: Reply | None, *, failed: bool
    ) -> None:
        """Give a claimed row back to be tried from the start at that time."""

    def resend(self, row: OutboxRow, at: datetime) -> None:
        """Give an uncertain row back to be sent once more, and list it as resent."""

    def wait_uncertain(self, row: OutboxRow, at: datetime, why: str) -> None:
        """Look again at that time whether a witness has been seen."""

    def witnessed(self, mailbox_id: int, message_id: str, now: datetime) -> int | None:
        """Conclude a mail as sent because it was seen; return its id if that was news."""

    def note_filed(self, mailbox_id: int, message_id: str, now: datetime) -> None:
        """Note that a copy of a mail was seen in Sent."""

    def is_filed(self, outbox_id: int) -> bool:
        """Tell whether a copy of the mail was seen in Sent."""

    def accepted_since(self, mailbox_id: int, message_id: str, since: datetime) -> bool:
        """Tell whether the server has accepted this mail of ours since then."""

    def server_files_still(self, mailbox_id: int, until: datetime) -> bool:
        """Tell whether the server itself filed the newest mail that it has accepted and filed, or
        accepted by then: only such a server proves anything by what is not in Sent.
        """

    def cancel_thread(self, thread_id: int, why: str, now: datetime) -> int:
        """Cancel what is queued in a thread; return how many mails. What is at the final dot
        cannot be called back: it ends as `unknown`, and is not tried again.
        """

    def cancel_acknowledgements(self, thread_id: int, why: str, now: datetime) -> int:
        """Cancel what is queued in a thread and says nothing but that a mail has come, as
        `cancel_thread` does; return how many mails.
        """

    def withdraw(self, thread_id: int, now: datetime) -> int:
        """Cancel what is queued in a thread as if it had never been queued: it counts for no
        ceiling, and may be queued again; return how many mails. What is at the final dot cannot
        be called back.
        """

    def sent_between(self, mailbox_id: int, since: datetime, until: datetime) -> int:
        """Return how many mails were accepted in this time, but for those to ourselves."""

    def timed_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many mails that time brought were accepted since then."""

    def discard(self, mailbox_id: int, why: str, now: datetime) -> int:
        """Cancel everything that is queued and surely not sent; return how many mails."""

    def doubt_queued(self, mailbox_id: int, at: datetime, look_at: datetime) -> int:
        """Take everything that is queued for uncertain since `at`: a witness is looked for, and
        what becomes of it is decided from `look_at` on. Return how many mails.
        """

    def is_known(self, message_id: str) -> bool:
        """Tell whether any mailbox has ever queued a mail of this Message-ID."""

    def retry_now(self, outbox_id: int, now: datetime) -> bool:
        """Make a failed, expired or unknown mail due again, a draft as a draft; False if it is none
        of these.
        """

    def cancel(self, outbox_id: int, why: str, now: datetime) -> bool:
        """Cancel a queued mail, or a draft that is not in the folder yet; an operator's word."""


class Transaction(Protocol):
    """One transaction: what is done through it is done together, or not at all."""

    mailboxes: Mailboxes
    inbound: Inbound
    records: Records
    outbox: Outbox
    by_hand: ByHand
    marks: Marks
    brakes: Brakes
    alerts: Alerts
    timers: Timers
    overview: Overview
    audit: Audits
    leases: Leases
    rebuild: Rebuilding
    persons: Persons
    retaining: Retaining
    chains: Chains
    removals: Removals
    probes: Probes
    due: Due

    def add_earlier(self, mailbox_id: int, found: Iterable[Earlier]) -> None:
        """Keep what the header read of the first start found."""


class Store(Protocol):
    """The database. Raises StoreUnavailableError when it cannot be reached or stays locked."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that writes; leaving the block commits, an exception rolls back."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that only reads."""
