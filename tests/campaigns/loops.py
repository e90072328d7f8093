"""A world of programs that answer everything: how often do we answer them?

Each conversation begins with a mail that a person might have written, from a robot's address. Every
mail that the SMTP server then accepts for that address is read by the robot (tests.campaigns.robots),
and what it makes of it is delivered by LMTP. When all is quiet, a colleague answers from his own mail
program (APPEND to Sent, as those do), and after a while the reminder of `follow_up` goes to the robot
as well, which in life is days later. A turn is one response of ours. Another installation of maildaemon is one of the robots: once as it is, and once behind a
gateway that takes away every field which could stop a loop. The SMTP server's log is the judge.

With `--limits hurried` one address may be answered again after a second, three times a day as
always: a robot that takes its time is not waited for. One that changes its address, name, subject and words each time
may then have its three; nothing but the ceiling knows it again. With `shipped` nothing of the limits is changed.

python -m tests.campaigns.loops --conversations 3 --seed 1 --limits hurried
"""

import argparse
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT, Mail, question
from tests.campaigns.races import answer
from tests.campaigns.robots import ROBOTS, Robot, Town, base
from tests.campaigns.table import Table, conclude
from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import Accepted, SmtpSink

OTHER = "desk@other-shop.test"
LIMITS = {
    "shipped": ["1 in 10 minutes", "3 in 24 hours"],
    "hurried": ["1 in 1 second", "3 in 24 hours"],
}
_TURNS = 2
_A_DAY = 3
_WITHIN = 120
_TAG = re.compile(r"\[#([0-9A-Z]{4}-[0-9A-Z]{2})\]")
# More bounces would stop all automatic mail, and every loop with it.
_BOUNCES_AT_MOST = 3
_REMINDED = frozenset({"vacation", "ticket"})
_BOUNCING = frozenset({"bounce", "told-bounce"})
_STRIPPED = re.compile(
    rb"(?im)^(?:Auto-Submitted|X-[^:\r\n]+|Precedence|List-[^:\r\n]+|In-Reply-To|References|Message-ID)"
    rb":[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A robot, and the mail by which it all begins."""

    robot: Robot
    root: Mail


@dataclass
class World:
    """Hands on what the SMTP server has accepted: to the robots, and to whoever has a mailbox."""

    sink: SmtpSink
    accounts: dict[str, Account]
    pause: float
    town: Town = field(default_factory=Town)
    strips: bool = False
    begun: int = 0
    handed: int = 0
    failure: BaseException | None = None
    _ending: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            while not self._ending.wait(0.05):
                mails = self.sink.accepted()
                for mail in mails[self.begun :]:
                    self._hand_on(mail)
                    self.begun += 1
        except BaseException as error:
            self.failure = error
            raise

    def _hand_on(self, mail: Accepted) -> None:
        [to] = mail.rcpt_to
        if account := self.accounts.get(base(to)):
            raw = _strip(mail.raw) if self.strips else mail.raw
            account.deliver(raw, sender=mail.mail_from)
            self.handed += 1
            return
        for one in self.town.hear(mail):
            # Nobody answers within the second in which he was written to.
            self._ending.wait(self.pause)
            self.accounts[SUPPORT].deliver(one.raw, sender=one.sender)
            self.handed += 1

    @property
    def is_quiet(self) -> bool:
        """Tell whether everything was handed on."""
        if self.failure is not None:
            raise self.failure
        return self.begun == len(self.sink.accepted())

    def end(self) -> None:
        self._ending.set()


def campaign(
    conversations: int,
    seed: int,
    limits: str = "hurried",
    after: int = 20,
    robots: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> Table:
    """Hold so many conversations with each robot; return the figures. `after`: seconds from a
    colleague's answer until the reminder is due.
    """
    plan = _plan(conversations, seed, robots)
    with ExitStack() as stack:
        ours, sink = stack.enter_context(installed("loops", files_sent=False))
        theirs = _another(stack, ours, sink)
        for one in (ours, theirs):
            _configure(one, limits, after)
            one.start()
        for one in (ours, theirs):
            one.wait_started(_WITHIN)
        accounts = {SUPPORT: ours.account, OTHER: theirs.account}
        world = World(sink, accounts, 1.1 if limits == "hurried" else 0)
        thread = threading.Thread(target=world.run, name="world", daemon=True)
        thread.start()
        stack.callback(thread.join, 30)
        stack.callback(world.end)

        for root in (each.root for each in plan):
            ours.account.deliver(root.raw, sender=root.person)
        _wait_quiet(world, (ours, theirs), lambda: len(sink.accepted()) >= len(plan))
        say(f"{len(plan)} conversations: {len(sink.accepted())} automatic mails, now quiet")
        # As shipped, the other shop gets one response in ten minutes: only the worse case is tried.
        ways = (True,) if limits == "shipped" else (False, True)
        pairs = [_talk_to_another(world, ours, theirs, strips) for strips in ways]
        _remind(world, ours, theirs, plan, after)
        say(f"after the reminders: {len(sink.accepted())} automatic mails, now quiet")
        for one in (ours, theirs):
            one.stop()

        table = Table(f"loops: {conversations} with each robot, seed {seed}, limits {limits}")
        table.fact("changed in the config", _changes(limits, after))
        table.fact("letters of robots", sum(world.town.answered.values()))
        _judge_robots(table, plan, world, limits)
        _judge_pairs(table, pairs)
        for one in (ours, theirs):
            _judge_standing(table, one)
    return table


def _plan(conversations: int, seed: int, names: Sequence[str]) -> list[Conversation]:
    random = Random(seed)
    plan: list[Conversation] = []
    for robot in [one for one in ROBOTS if one.name in names or not names]:
        many = min(conversations, _BOUNCES_AT_MOST) if robot.name in _BOUNCING else conversations
        for number in range(1, many + 1):
            root = question(len(plan) + 1, robot.address(number))
            plan.append(Conversation(robot, root))
    return random.sample(plan, len(plan))


def _another(stack: ExitStack, ours: Installation, sink: SmtpSink) -> Installation:
    folder = ours.folder / "other"
    folder.mkdir()
    other = Installation(folder, ours.account.server, sink, OTHER)
    stack.callback(other.clean_up)
    return other


def _changes(limits: str, after: int) -> dict[str, object]:
    return {
        "limits.per_address": LIMITS[limits],
        "follow_up": [{"after": f"{after} seconds", "template": "follow_up"}],
    }


def _configure(one: Installation, limits: str, after: int) -> None:
    for path, value in _changes(limits, after).items():
        one.change(path, value)


def _wait_quiet(
    world: World, both: Sequence[Installation], also: Callable[[], bool] = lambda: True
) -> None:
    """Wait until nothing is under way anywhere, and still is not after a while."""

    def quiet() -> bool:
        return world.is_quiet and also() and all(_has_nothing(one) for one in both)

    def stays() -> bool:
        if not quiet():
            return False
        begun = (world.begun, world.handed)
        threading.Event().wait(1)
        return quiet() and begun == (world.begun, world.handed)

    wait_until(stays, _WITHIN, "nothing is under way")


def _has_nothing(one: Installation) -> bool:
    one.check_alive()
    return one.records.left().nothing_but_copies and _has_seen_all(one)


def _has_seen_all(one: Installation) -> bool:
    with one.account.connection() as imap:
        _, data = imap.status("INBOX", "(UIDNEXT)")
    found = re.search(rb"UIDNEXT (\d+)", data[0])
    assert found, data
    return one.records.cursors().get("INBOX", 0) >= int(found[1]) - 1


def _talk_to_another(
    world: World, ours: Installation, theirs: Installation, strips: bool
) -> tuple[str, list[Accepted]]:
    """Let the other shop write to us by hand; return what the two made of it."""
    world.strips = strips
    before = len(world.sink.accepted())
    name = "itself, behind a gateway" if strips else "itself"
    subject = "Prices of your lamps" if strips else "A question from shop to shop"
    root = question(9000 + strips, OTHER, Subject=subject)
    ours.account.deliver(root.raw, sender=OTHER)
    _wait_quiet(world, (ours, theirs))
    return name, world.sink.accepted()[before:]


def _remind(
    world: World,
    ours: Installation,
    theirs: Installation,
    plan: Sequence[Conversation],
    after: int,
) -> None:
    """Let a colleague answer every conversation, and wait until the reminders have been read."""
    # Whoever answers last by a mail of his own waits for us; no reminder goes to him.
    domains = {one.robot.domain for one in plan if one.robot.name in _REMINDED}
    wanted = sum(one.robot.domain in domains for one in plan)
    if not wanted:
        return

    before = len(world.sink.accepted())
    for one in plan:
        ours.account.file(answer(one.root, 1), "Sent")
    _wait_quiet(world, (ours, theirs))

    def enough() -> bool:
        later = world.sink.accepted()[before:]
        return sum(mail.rcpt_to[0].rpartition("@")[2] in domains for mail in later) >= wanted

    wait_until(enough, after + _WITHIN, "reminders are sent")
    _wait_quiet(world, (ours, theirs))
    threading.Event().wait(2)


def _judge_robots(table: Table, plan: Sequence[Conversation], world: World, limits: str) -> None:
    by_person: dict[str, list[Accepted]] = defaultdict(list)
    for mail in world.sink.accepted():
        by_person[base(mail.rcpt_to[0])].append(mail)
    for robot in {one.robot.name: one.robot for one in plan}.values():
        roots = {one.root.person: one.root for one in plan if one.robot is robot}
        mails = {person: by_person[person] for person in roots}
        responses = {person: _responses(sent) for person, sent in mails.items()}
        timed = sum(len(sent) - len(responses[person]) for person, sent in mails.items())
        letters = sum(world.town.answered.get(person, 0) for person in roots)
        table.fact(
            f"{robot.name}: conversations, its letters, our responses, reminders",
            f"{len(roots)}, {letters}, {sum(map(len, responses.values()))}, {timed}",
        )
        table.none(
            f"{robot.name}: not acknowledged at all", [one for one in roots if not responses[one]]
        )
        longest = max((len(sent) for sent in responses.values()), default=0)
        turns = _A_DAY if robot.disguised and limits == "hurried" else _TURNS
        table.promise(
            f"{robot.name}: dead within", f"{longest} turns", longest <= turns, f"{turns}"
        )
    known = {one.root.person for one in plan} | {SUPPORT, OTHER}
    table.none("automatic mails to anybody else", by_person.keys() - known)
    everything = [mail for sent in by_person.values() for mail in sent]
    # Reminders are counted only by the limits as they are shipped: hurried ones let more through.
    what = "automatic mails" if limits == "shipped" else "responses"
    counted = by_person.values() if limits == "shipped" else map(_responses, by_person.values())
    most = max(map(len, counted))
    table.promise(f"{what} to one address", most, most <= _A_DAY, f"<= {_A_DAY} a day")
    table.none("threads with more than one response", _twice(_responses(everything)))
    reminders = [one for one in everything if one not in _responses(everything)]
    table.fact("reminders", len(reminders))
    table.none("threads with more than one reminder", _twice(reminders))
    table.none(
        "mails without the mark of an automatic one",
        [one.rcpt_to[0] for one in everything if not _auto_submitted(one)],
    )


def _judge_pairs(table: Table, pairs: Sequence[tuple[str, list[Accepted]]]) -> None:
    for name, mails in pairs:
        got = Counter(mail.rcpt_to[0] for mail in mails)
        table.fact(f"{name}: mails between the two", dict(got))
        table.promise(f"{name}: acknowledged", got[OTHER], got[OTHER] >= 1, ">= 1")
        turns = max(got.values(), default=0)
        table.promise(f"{name}: dead within", f"{turns} turns", turns <= _TURNS, f"{_TURNS}")


def _judge_standing(table: Table, one: Installation) -> None:
    (status,) = one.listing("status")
    table.none("brakes that are on", [on["brake"] for on in status["brakes"]])
    judge_log(table, one)


def _responses(mails: Sequence[Accepted]) -> list[Accepted]:
    return [mail for mail in mails if _auto_submitted(mail) != "auto-generated"]


def _auto_submitted(mail: Accepted) -> str:
    return str(message_from_bytes(mail.raw, policy=default)["Auto-Submitted"] or "")


def _twice(mails: Sequence[Accepted]) -> list[str]:
    tags = Counter(
        (tag, mail.mail_from.partition("@")[2])
        for mail in mails
        for tag in _TAG.findall(str(message_from_bytes(mail.raw, policy=default)["Subject"]))[:1]
    )
    return [f"{tag} ({count} times)" for (tag, _), count in tags.items() if count > 1]


def _strip(raw: bytes) -> bytes:
    """Return a mail as a gateway passes it on that knows nothing of automatic mail."""
    head, end, body = raw.partition(b"\r\n\r\n")
    return _STRIPPED.sub(b"", head + b"\r\n").rstrip(b"\r\n") + end + body


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.loops")
    parser.add_argument("--conversations", type=int, default=3, help="with each robot")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limits", choices=LIMITS, default="hurried")
    parser.add_argument("--after", type=int, default=20, help="seconds until a reminder is due")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_given())))
