"""A mailbox with customers, machines and staff, the daemons beside it, and what must hold of them."""

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

from maildaemon.domain.delivery import Envelope, Outcome
from maildaemon.errors import StoreUnavailableError
from maildaemon.services.brakes import release
from tests.fakes.mailbox import FakeAccount, FakeMessage
from tests.fakes.transport import FakeTransport, Mail
from tests.model.daemons import STEPS, Clock, KilledError, OneDaemon
from tests.service.shop import a_mail, parsed
from tests.service.test_spine import a_bounce

WATCHED = ("INBOX", "Sent", "Junk")
ALL = (*WATCHED, "Drafts", "Trash", "Archive")
SUPPORT = "support@shop.example"
PEOPLE = tuple(f"person{number}@customer.example" for number in range(4))
# What programs write, in words that a person could use: each of it forbids an answer.
ROBOTS: tuple[dict[str, str], ...] = (
    {"Auto_Submitted": "auto-replied"},
    {"Precedence": "bulk"},
    {"List_Id": "<news.machines.example>"},
    {"Return_Path": "<>"},
    {"X_Auto_Response_Suppress": "All"},
    {"to": "somebody.else@shop.example"},
    {"old": "3"},
)


@dataclass(slots=True)
class Talk:
    """A conversation with a customer. `events` are what was written, oldest first: who, and the id."""

    number: int
    person: str
    events: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        return {one for _, one in self.events}

    @property
    def last(self) -> str:
        return self.events[-1][1]


class Server(FakeTransport):
    """Tells of each mail it accepts, and files a copy in Sent if it is one that does."""

    def __init__(self, accepted: Callable[[Mail], None]) -> None:
        super().__init__()
        self._tell = accepted

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        before = len(self.accepted)
        outcome = await super().send(envelope, raw, before_dot)
        for mail in self.accepted[before:]:
            self._tell(mail)
        return outcome


class World:
    """Everything that a rule of the model may touch. `broken` is what was seen and must not be."""

    def __init__(self, folder: Path, *, files_sent: bool) -> None:
        self.files_sent = files_sent
        self.clock = Clock()
        self.account = FakeAccount(lambda: self.clock.at)
        self.server = Server(self._accepted)
        self.folder = folder
        self.talks: list[Talk] = []
        self.forbidden: set[str] = set()
        self.broken: list[str] = []
        self.counts: Counter[str] = Counter()
        self._numbers = iter(range(1, 1_000_000))
        self._recorded: set[str] = set()
        self._asleep = ThreadPoolExecutor(1)
        self._open = ExitStack()
        self._open.enter_context(
            patch("maildaemon.services.deliver.WRITE_AGAIN_AFTER", timedelta(0))
        )
        self.on, self.off = (
            OneDaemon(name, folder, self.account, self.server, self.clock)
            for name in ("anna", "bert")
        )
        # Looked at beside the daemons, and by whichever of them a server is just talking to.
        records = sqlite3.connect(folder / "mail.db", check_same_thread=False)
        self._records = self._open.enter_context(closing(records))
        self.on.hold()
        self.on.start()

    def close(self) -> None:
        self.on.end()
        self.off.end()
        self._asleep.shutdown()
        self._open.close()

    # What people, programs and servers do

    def write(self, sender: str, folder: str = "INBOX", **fields: Any) -> str:
        """Let a mail arrive; return its id."""
        number = next(self._numbers)
        name = f"m{number}@{sender.rpartition('@')[2]}"
        body = f"Where is my order {100000 + number}? I have been waiting for it since May."
        fields = {"subject": f"Order {number}", "body": body, "date": self.clock.at, **fields}
        self.account.deliver(a_mail(sender=sender, message_id=name, **fields), folder)
        self.counts["mails written"] += 1
        return name

    def ask(self, person: str) -> None:
        talk = Talk(len(self.talks), person)
        talk.events.append(("customer", self.write(person)))
        self.talks.append(talk)

    def write_again(self, talk: Talk, folder: str = "INBOX") -> None:
        """The customer writes on, to whatever came last."""
        cited = f"<{talk.last}>"
        name = self.write(talk.person, folder, In_Reply_To=cited, subject="Re: Order")
        talk.events.append(("customer", name))

    def answer(self, talk: Talk) -> None:
        name = self.write(
            f"Anna <{SUPPORT}>",
            "Sent",
            to=talk.person,
            In_Reply_To=f"<{talk.last}>",
            subject="Re: Order",
            body="It left our house this morning. Did it arrive?",
        )
        talk.events.append(("staff", name))

    def run_robot(self, kind: int) -> None:
        address = f"robot{len(self.forbidden)}@machines.example"
        self.forbidden.add(address)
        fields: dict[str, Any] = dict(ROBOTS[kind])
        if days := fields.pop("old", None):
            fields["date"] = self.clock.at - timedelta(days=int(days))
        self.write(address, **fields)

    def bounce(self, mail: Mail) -> None:
        message = parsed(mail.raw)
        self.account.deliver(a_bounce(mail.envelope.forward_path, str(message["Message-ID"])))

    def at(self, folder: str, place: int) -> FakeMessage | None:
        """Return one of the messages of a folder, None if there is none."""
        messages = self.account.messages(folder)
        return messages[place % len(messages)] if messages else None

    # What happens to the daemons

    def work(self, *steps: str) -> bool:
        """Let the one that holds the mailbox work; nothing but copies of ours comes into it."""
        before = self._content()
        try:
            self.on.hold()
            done = self.on.work(*steps)
        except KilledError:
            self.counts["deaths"] += 1
            self.on.restart()
            done = False
        # What was not taken away is still there as it was.
        came, gone = self._content() - before, before - self._content()
        own = {mail.raw for mail in self.server.accepted}
        self._must(not gone, f"{len(gone)} messages were changed or are gone: {[*gone][:1]}")
        strange = [one for one in came if one[0] != "Sent" or one[1] not in own]
        self._must(not strange, f"what is not ours was put into the mailbox: {strange[:1]}")
        self.counts["steps"] += len(steps)
        return done

    def kill_at(self, effect: int) -> None:
        def die() -> None:
            raise KilledError

        # What is dead does nothing more, in none of its threads.
        self.on.fate.befall(effect, die, times=1_000_000)

    def fill_at(self, effect: int, times: int) -> None:
        def refuse() -> None:
            self.counts["writes refused"] += 1
            raise StoreUnavailableError("no space left on device")

        self.on.fate.befall(effect, refuse, times=times)

    def take_over_at(self, effect: int) -> None:
        one = self.on

        def sleep() -> None:
            self.counts["taken over within a step"] += 1
            self.on, self.off = self.off, one
            # Another process: what it does, it does while this one stands still.
            self._asleep.submit(self._take_over, one).result()

        one.fate.befall(effect, sleep, in_commits=False)

    def _take_over(self, one: OneDaemon) -> None:
        one.sleep(self.on)
        self.on.work(*STEPS)

    def change_places(self) -> None:
        """Let the other daemon take over between two steps; what the first one tries is in vain."""
        one, self.on, self.off = self.on, self.off, self.on
        self._take_over(one)
        before = self._content(), len(self.server.accepted), self._changes()
        one.fate.spare()
        one.work(*STEPS)
        after = self._content(), len(self.server.accepted), self._changes()
        self._must(before == after, "a daemon that was taken over did something")

    def resume(self) -> None:
        with self.on.sql.begin() as tx:
            release(tx, self.on.desk.mailbox_id, "support", self.clock.at)

    # What must hold

    def check(self) -> None:
        """Note what must not be in `broken`."""
        double = self._rows(
            "select message_id from message group by message_id having count(*) > 1"
        )
        self._must(not double, f"recorded twice: {double}")
        recorded = {row[0] for row in self._rows("select message_id from message")}
        self._must(self._recorded <= recorded, f"forgotten: {self._recorded - recorded}")
        self._recorded = recorded
        kept = {path.name for path in (self.folder / "raw").rglob("*")}
        fetched = self._rows("select raw_sha256 from inbound where raw_sha256 is not null")
        self._must({row[0] for row in fetched} <= kept, "the bytes of a message are not kept")

    def check_journal(self) -> None:
        """After a look at the mailbox without trouble: every message is known by its number."""
        for folder in WATCHED:
            here = self.account.folder(folder)
            known = self._rows(
                "select i.uid from inbound i join folder f on f.id = i.folder_id where f.name = ? "
                "and i.uidvalidity = ? union select g.uid from gap g join folder f "
                "on f.id = g.folder_id where f.name = ? and g.uidvalidity = ?",
                *(folder, here.uidvalidity) * 2,
            )
            unknown = here.messages.keys() - {row[0] for row in known}
            self._must(not unknown, f"{folder}: not in the journal: {sorted(unknown)}")

    def _accepted(self, mail: Mail) -> None:
        """Judge a mail at the moment in which the server takes it."""
        self.counts["mails sent"] += 1
        if self.files_sent:
            self.account.deliver(mail.raw, "Sent", flags=("\\Seen",))
        message = parsed(mail.raw)
        name = str(message["Message-ID"]).strip("<>")
        recipient = mail.envelope.forward_path
        self._must(recipient not in self.forbidden, f"an automatic mail to {recipient}")
        ((kind, sections, resent, cause, thread),) = self._rows(
            "select kind, sections, resent, cause_id, thread_id from outbox where message_id = ?",
            name,
        )
        self.counts[f"of them {kind}"] += 1
        self.counts["of them once more, as announced"] += resent
        times = sum(
            parsed(one.raw)["Message-ID"] == message["Message-ID"] for one in self.server.accepted
        )
        # Without a proof that it was not accepted, an acknowledgement goes once; a proof is that the
        # server, which files what it accepts, has not filed it.
        proven = self.files_sent or "acknowledgement" not in sections
        self._must(times <= 1 + (resent and proven), f"{name} was sent {times} times")
        talk = self._talk_of(message)
        if kind == "timed" and talk is not None:
            self._must(
                not self._is_the_shops_turn(talk), f"{recipient} was reminded of our silence"
            )
        if kind == "response":
            later = self._rows(
                "select 1 from message where thread_id = ? and staff_answer and id > ?",
                thread,
                cause,
            )
            self._must(not later, f"{recipient} got {sections} after a person's answer")
        if talk is not None and times == 1:
            talk.events.append(("daemon", name))

    def _talk_of(self, message: EmailMessage) -> Talk | None:
        fields = (message["In-Reply-To"], message["References"])
        cited = {one.strip("<>") for field in fields if field for one in str(field).split()}
        return next((talk for talk in self.talks if talk.ids & cited), None)

    def _is_the_shops_turn(self, talk: Talk) -> bool:
        """Tell whether the customer, of whom staff know it from the mailbox, wrote last."""
        there = {str(parsed(one.raw)["Message-ID"]).strip("<>") for one in self.account.messages()}
        written = [who for who, name in talk.events if who == "staff" or name in there]
        return written[-1:] == ["customer"]

    def _content(self) -> Counter[tuple[str, bytes, frozenset[str]]]:
        return Counter(
            (folder, one.raw, one.flags) for folder in ALL for one in self.account.messages(folder)
        )

    def _changes(self) -> list[list[tuple[Any, ...]]]:
        tables = ("inbound", "message", "outbox", "event", "timer", "settlement", "folder")
        return [self._rows(f"select * from {table} order by id") for table in tables]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._records.execute(query, values).fetchall()

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            self.broken.append(what)

    # How it ends

    def calm_down(self) -> None:
        """Let all faults end, and enough time pass; then everything must be settled."""
        self.on.fate.spare()
        self.server._plan.clear()
        self.account._failures.clear()
        for folder in WATCHED:
            self.account.deliver_withheld(folder)
        for minutes in (0, 16, 16, 61, 360, 1500, 16):
            self.clock.at += timedelta(minutes=minutes)
            self.work(*STEPS, *STEPS[1:])
            self.resume()
            with self.on.sql.begin() as tx:
                tx.inbound.retry_parked(None, self.clock.at)
        self.check()
        self.check_journal()
        there = {
            str(parsed(one.raw)["Message-ID"]).strip("<>")
            for folder in WATCHED
            for one in self.account.messages(folder)
        }
        self._must(there <= self._recorded, f"never recorded: {there - self._recorded}")
        waits = self._rows("select uid, failures, attempts from inbound where state != 'done'")
        self._must(not waits, f"never decided: {waits}")
        waits = self._rows("select message_id, kind, phase, why from outbox where state = 'queued'")
        self._must(not waits, f"never sent, and never given up: {waits}")
        mute = self._rows(
            "select message_id from message m where kind = 'customer' and silence is null and not "
            "exists (select 1 from outbox o where o.cause_id = m.id)"
        )
        self._must(not mute, f"neither answered nor told why: {mute}")
