"""Says what would become of a message, by the code that decides it; nothing happens to it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from maildaemon.domain.actions import JoinThread, MergeThread, OpenThread
from maildaemon.domain.decide import Decision, decide
from maildaemon.domain.delivery import Draft
from maildaemon.domain.message import Message
from maildaemon.domain.policy import Mode
from maildaemon.ports import Parser, Role
from maildaemon.ports.rows import InboundRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.apply import apply
from maildaemon.services.context import load_context
from maildaemon.services.desk import Desk
from maildaemon.services.lookup import look_up
from maildaemon.services.respond import draft_response


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a message came, when it is judged, and into which folder it came."""

    received_at: datetime
    now: datetime
    role: Role = Role.INBOX


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would be decided about a message.

    `recorded` is its record if it is known already: the daemon would leave it at that, and what
    stands here is how a second message like it would be judged. `why` tells how its thread was
    found; `reference` names it, None for a new or no thread; `parent` is the name of the earlier
    message that it answers.
    """

    message: Message
    decision: Decision
    why: str
    recorded: int | None = None
    reference: str | None = None
    parent: str | None = None


def read_message(parser: Parser, desk: Desk, raw: bytes) -> Message:
    """Return the message as the daemon would read it: of one that is too large only the header."""
    if len(raw) <= desk.policy.max_message_size:
        return parser.parse(raw, desk.policy.reading).message
    ends = [at + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (at := raw.find(blank)) >= 0]
    header = raw[: min(ends, default=desk.policy.max_message_size)]
    return parser.parse(header, desk.policy.reading).message.without_body(len(raw))


def explain(tx: Transaction, desk: Desk, message: Message, arrival: Arrival) -> Explanation:
    """Return what would be decided now; nothing is written."""
    message, _ = look_up(desk, message)
    row = _row(desk, message, arrival)
    decision = decide(message, load_context(tx, row, message, desk, arrival.now))
    thread = decision.match.thread
    recorded = tx.records.recognise(desk.mailbox_id, message).message_id
    reference = thread.reference if thread else None
    return Explanation(message, decision, decision.match.why, recorded, reference)


def draft_of(desk: Desk, explanation: Explanation, now: datetime) -> Draft | None:
    """Return the response that would be composed, None if there is silence."""
    mail = explanation.decision.mail
    if mail is None:
        return None
    reference = next(
        (
            action.reference
            for action in explanation.decision.actions
            if isinstance(action, OpenThread | JoinThread)
        ),
        "",
    )
    return draft_response(desk, explanation.message, mail, reference, now)


@dataclass(slots=True)
class Correspondence:
    """Several messages as if they came in this order, each knowing those before it.

    `store` is an empty database that may be written to. Threads are called T1, T2, ….
    `all_take_part`: nobody has said which addresses are ours, so all who are named take part.
    """

    store: Store
    all_take_part: bool = False
    _threads: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _placed: dict[str, str | None] = field(default_factory=dict)
    _merged: dict[str, str] = field(default_factory=dict)
    _explained: dict[str, Explanation] = field(default_factory=dict)

    def add(self, name: str, desk: Desk, message: Message, arrival: Arrival) -> Explanation:
        """Return what would be decided about the next message, and let it be known from then on."""
        # A mail that is only recorded counts for no ceiling: judge as if they were sent.
        desk = replace(desk, policy=replace(desk.policy, mode=Mode.LIVE, modes=()))
        with self.store.begin() as tx:
            explanation = explain(tx, desk, message, arrival)
            if explanation.recorded is None:
                row = _row(desk, message, arrival)
                message, decision = explanation.message, explanation.decision
                recorded = apply(tx, Unwritten(), desk, row, message, decision, arrival.now)
                self._admit(tx, recorded, message)
        parent = self._parent(message, explanation.decision)
        self._names.setdefault(message.message_id, name)
        if explanation.recorded is None:
            self._placed[message.identity] = self._thread(explanation.decision)
        explanation = replace(
            explanation,
            reference=self._placed[message.identity],
            parent=parent,
            why=self._renamed(explanation.why),
        )
        self._explained.setdefault(message.message_id, explanation)
        return explanation

    def settled(self, explanation: Explanation) -> Explanation:
        """Return how it stands now: the thread that its thread has become part of, and the message
        that it answers, although that came later.
        """
        reference = self._surviving(explanation.reference)
        parent = explanation.parent or self._late_parent(explanation.message, reference)
        return replace(explanation, reference=reference, parent=parent)

    def _surviving(self, name: str | None) -> str | None:
        while name in self._merged:
            name = self._merged[name]
        return name

    def _late_parent(self, message: Message, thread: str | None) -> str | None:
        for one in message.cited:
            other = self._explained.get(one)
            # Two that cite each other: the first that came has no parent.
            if other is None or message.message_id in other.message.cited:
                continue
            together = thread is not None and self._surviving(other.reference) == thread
            if together or one in message.in_reply_to:
                return self._names[one]
        return None

    def _admit(self, tx: Transaction, recorded: int, message: Message) -> None:
        thread = tx.records.recorded(recorded).thread
        if thread is not None and self.all_take_part:
            named = (*message.to, *message.cc, *message.bcc)
            tx.records.add_participants(thread.thread_id, named, "copied")

    def _renamed(self, text: str) -> str:
        for reference, name in self._threads.items():
            text = text.replace(reference, name)
        return text

    def _thread(self, decision: Decision) -> str | None:
        for action in decision.actions:
            if isinstance(action, MergeThread):
                source, into = self._threads[action.reference], self._threads[action.into]
                self._merged[source] = into
            if isinstance(action, OpenThread | JoinThread):
                name = f"T{len(self._threads) + 1}"
                return self._threads.setdefault(action.reference, name)
        return None

    def _parent(self, message: Message, decision: Decision) -> str | None:
        match = decision.match
        # What it says that it answers, whatever led into the thread.
        if direct := next((one for one in message.in_reply_to if one in self._names), None):
            return self._names[direct]
        if match.thread is not None:
            return self._names.get(match.parent or "")
        if match.stranger_to is None:
            return None
        return next((self._names[one] for one in message.cited if one in self._names), None)


class Unwritten:
    """A `Composer` for mails that nobody will read."""

    def languages(self) -> tuple[str, ...]:
        return ()

    def compose(self, draft: Draft) -> bytes:
        return b""

    def compose_note(self, note: object) -> bytes:
        return b""

    def words_for_partner(self, language: str, reference: str) -> tuple[str, str]:
        return "", ""


def _row(desk: Desk, message: Message, arrival: Arrival) -> InboundRow:
    return InboundRow(
        inbound_id=0,
        mailbox_id=desk.mailbox_id,
        role=arrival.role,
        uid=0,
        fence=0,
        failures=0,
        alone=False,
        history=False,
        header_only=False,
        size=message.size,
        received_at=arrival.received_at,
        recorded_at=arrival.now,
        raw_sha256=None,
    )
