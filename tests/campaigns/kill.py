"""`kill -9` again and again while mail arrives: nothing lost, nothing twice, nothing touched.

python -m tests.campaigns.kill --messages 2000 --kills 100 --seed 1 --lose 0.02 --no-files-sent
python -m tests.campaigns.kill --messages 10000 --kills 2000 --lose 0.02 --side-by-side 4
python -m tests.campaigns.kill --database mariadb --messages 1000 --kills 200 --server-restarts 20
"""

import argparse
import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from multiprocessing import get_context
from random import Random
from typing import Any

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import (
    judge_acknowledgements,
    judge_copies,
    judge_log,
    judge_mailbox,
    judge_records,
    unfiled_persons,
    unfinished_persons,
)
from tests.campaigns.mails import Mail, Writer
from tests.campaigns.records import NO_CLAIMS, Claims, claims
from tests.campaigns.table import Table, conclude
from tests.databases import BACKENDS
from tests.servers.database import DatabaseServer
from tests.servers.mariadb import Mariadb
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink

_LONGEST_START = 3.0
_LONGEST_LIFE = 5.0
_AIM_WITHIN = 15.0
# The dot's claim (12 min) and the doubt (15 min) run at once; a claimed row may die once more.
_PATIENCE = 35 * 60
_SHORT_PATIENCE = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is asked for."""

    messages: int
    kills: int
    seed: int
    lose: float
    files_sent: bool
    short: bool
    database: str = "sqlite"
    server_restarts: int = 0


class Aim(StrEnum):
    """What the killer waits for before it strikes."""

    START = "its start"
    MOMENT = "any moment"
    PROCESSING = "a message being processed"
    SENDING = "a mail being sent"
    DOT = "the final dot"


_AIMS = [Aim.START] + [Aim.MOMENT] * 2 + [Aim.PROCESSING] * 2 + [Aim.SENDING] * 2 + [Aim.DOT] * 3


class SlowSink(SmtpSink):
    """Thinks about the final dot, before and after it takes responsibility, as servers do.

    A client that dies in the first half was not accepted; one that dies in the second was.
    """

    def __init__(self, *args: Any, slowest: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._slowest = slowest

    async def handle_DATA(self, *args: Any) -> str:
        await asyncio.sleep(self._random.uniform(0, self._slowest / 2))
        reply = await super().handle_DATA(*args)
        await asyncio.sleep(self._random.uniform(0, self._slowest / 2))
        return reply


class Postman(threading.Thread):
    """Delivers by LMTP as the killer allows; now and then staff mark what has arrived."""

    def __init__(self, installation: Installation, sink: SmtpSink, plan: Plan) -> None:
        super().__init__(name="postman", daemon=True)
        self._account = installation.account
        self._sink = sink
        self._plan = plan
        self._writer = Writer(plan.seed)
        self._random = Random(f"postman {plan.seed}")
        # Spread over the few seconds that a daemon lives.
        self._rate = plan.messages / plan.kills / 3
        self._allowed = threading.Semaphore(0)
        self._tick = threading.Event()
        self.delivered: list[Mail] = []
        self.flags: dict[int, frozenset[str]] = {}
        self.arrived = 0
        self.failure: BaseException | None = None

    def allow(self, count: int) -> None:
        """Let that many more mails arrive."""
        for _ in range(count):
            self._allowed.release()

    def run(self) -> None:
        try:
            for number in range(1, self._plan.messages + 1):
                self._allowed.acquire()
                self._deliver(self._writer.write(number, self._sink.accepted()))
                self._tick.wait(min(self._random.expovariate(self._rate), 1))
        except BaseException as error:
            self.failure = error
            raise

    def _deliver(self, mail: Mail) -> None:
        for _ in range(mail.times):
            self._account.deliver(mail.raw, sender=mail.reverse_path)
            self.arrived += 1
        self.delivered.append(mail)
        # Only LMTP puts anything there: the UIDs run from 1.
        if self._random.random() < 0.08:
            flag = self._random.choice((r"\Seen", r"\Flagged"))
            self._account.flag("INBOX", self.arrived, flag)
            self.flags[self.arrived] = frozenset({flag})


@dataclass
class Deaths:
    """What the kills hit, seen in what the dead daemon left behind."""

    kills: int = 0
    processing: int = 0
    sending: int = 0
    dot: int = 0
    nothing: int = 0
    orphans: int = 0
    of_the_server: int = 0
    aims: Counter[Aim] = field(default_factory=Counter)

    def count(self, hit: Claims, orphans: int, aim: Aim) -> None:
        self.kills += 1
        self.processing += bool(hit.inbound)
        self.sending += bool(hit.outbox)
        self.dot += bool(hit.dot)
        self.nothing += not hit
        self.orphans += orphans
        self.aims[aim] += 1


class Killer:
    """Starts the daemon and kills it, often at a moment when it holds something."""

    def __init__(
        self, installation: Installation, plan: Plan, server: DatabaseServer | None
    ) -> None:
        self._installation = installation
        self._server = server
        self._random = Random(f"killer {plan.seed}")
        # The lives in which the database dies under the daemon, spread evenly.
        restarts = range(plan.server_restarts if server else 0)
        self._restarts = {plan.kills * (2 * n + 1) // (2 * len(restarts)) for n in restarts}
        # The same share of each aim in every ten kills, in an order of chance.
        tens = -(-plan.kills // len(_AIMS))
        self._aims = [aim for _ in range(tens) for aim in self._random.sample(_AIMS, len(_AIMS))]
        self._tick = threading.Event()
        self._left_behind = NO_CLAIMS
        self.deaths = Deaths()

    def life(self) -> None:
        """Let the daemon live until the moment aimed at, then kill it; it is not restarted."""
        aim = self._aims[self.deaths.kills]
        if aim is Aim.START:
            self._tick.wait(self._random.uniform(0.05, _LONGEST_START))
        else:
            # On a busy machine the start alone may take longer than a whole life should.
            self._installation.wait_begun()
            self._tick.wait(self._random.uniform(0, _LONGEST_LIFE if aim is Aim.MOMENT else 2))
        if aim not in {Aim.START, Aim.MOMENT}:
            self._watch(aim)
        if self._server and self.deaths.kills in self._restarts:
            self._restart(self._server)
        orphans = self._installation.kill()
        with self._installation.records.of_the_dead() as database:
            left_behind = claims(database)
        self.deaths.count(left_behind - self._left_behind, orphans, aim)
        self._left_behind = left_behind

    def _restart(self, server: DatabaseServer) -> None:
        """Let the database die as in a power cut, and the daemon see it come back."""
        server.kill()
        self._tick.wait(self._random.uniform(0, 2))
        self._installation.check_alive()
        server.start()
        self._tick.wait(self._random.uniform(0, 3))
        self.deaths.of_the_server += 1

    def _watch(self, aim: Aim) -> None:
        """Return when a row is held as aimed at, or when that takes too long."""
        deadline = time.monotonic() + _AIM_WITHIN
        with self._installation.records.open() as database:
            while time.monotonic() < deadline:
                if _is_hit(aim, claims(database) - self._left_behind):
                    break
                self._tick.wait(0.001)
        if aim is Aim.DOT:
            # Before, while, and after the server makes up its mind.
            self._tick.wait(self._random.uniform(0, 0.25))


def _is_hit(aim: Aim, held: Claims) -> bool:
    match aim:
        case Aim.PROCESSING:
            return bool(held.inbound)
        case Aim.SENDING:
            return bool(held.outbox)
        case _:
            return bool(held.dot)


def campaign(plan: Plan, say: Callable[[str], None] = print) -> Table:
    """Run the whole campaign on servers of its own; return what came of it."""
    options = {"slowest": 0.3, "lose": plan.lose, "seed": plan.seed}
    with (
        _database(plan) as server,
        installed("kill", SlowSink, files_sent=plan.files_sent, **options) as (installation, sink),
    ):
        say(f"seed {plan.seed}, log {installation.log}")
        if server:
            installation.keep_records_on(server.url(server.empty()))
        postman = Postman(installation, sink, plan)
        killer = Killer(installation, plan, server)
        deaths = _kill_and_kill(installation, postman, killer, plan, say)
        _let_it_finish(installation, postman, plan, say)
        installation.stop()
        return _judge(installation, sink, postman, deaths, plan)


def _database(plan: Plan) -> contextlib.AbstractContextManager[DatabaseServer | None]:
    """Give the server of the records, whose commits are safe; None for SQLite."""
    match plan.database:
        case "postgresql":
            return Postgres(durable=True)
        case "mariadb":
            return Mariadb(durable=True)
        case _:
            return contextlib.nullcontext()


def _kill_and_kill(
    installation: Installation,
    postman: Postman,
    killer: Killer,
    plan: Plan,
    say: Callable[[str], None],
) -> Deaths:
    installation.start()
    installation.wait_started()
    postman.start()
    shares = [plan.messages * (n + 1) // plan.kills for n in range(plan.kills)]
    for kill, (before, until) in enumerate(zip([0, *shares], shares, strict=False), 1):
        postman.allow(until - before)
        killer.life()
        installation.start()
        if kill % 10 == 0:
            say(f"{kill} kills, {postman.arrived} messages: {killer.deaths}")
    return killer.deaths


def _let_it_finish(
    installation: Installation, postman: Postman, plan: Plan, say: Callable[[str], None]
) -> None:
    """Wait, undisturbed, until the queues are empty (short: until nothing of them is due)."""
    began = told = time.monotonic()

    def worked_off() -> bool:
        nonlocal told
        installation.check_alive()
        if postman.failure:
            raise postman.failure
        left = installation.records.left()
        if time.monotonic() > told + 60:
            told = time.monotonic()
            say(f"{told - began:.0f} s after the last kill: {left}")
        quiet = left.nothing or (plan.short and left.due == 0)
        up = installation.is_up
        return up and quiet and not postman.is_alive() and _all_read(installation)

    def stays() -> bool:
        if not worked_off():
            return False
        threading.Event().wait(1)
        return worked_off()

    patience = _SHORT_PATIENCE if plan.short else _PATIENCE
    wait_until(stays, patience, "the queues are worked off")


def _all_read(installation: Installation) -> bool:
    cursors = installation.records.cursors()
    with installation.account.connection() as imap:
        for folder in ("INBOX", "Sent"):
            status = imap.status(folder, "(UIDNEXT)")[1][0].decode()
            if cursors.get(folder, 0) < int(status.rpartition(" ")[2].rstrip(")")) - 1:
                return False
    return True


def _judge(
    installation: Installation, sink: SmtpSink, postman: Postman, deaths: Deaths, plan: Plan
) -> Table:
    records, account = installation.records, installation.account
    inbox, accepted = account.messages("INBOX"), sink.accepted()
    outbox = installation.listing("outbox", "list", "--limit", "0")
    table = Table(f"kill campaign: {plan}")
    table.fact("configuration", installation.init)
    for path, value in installation.changes.items():
        table.fact(f"  and then {path}", value)
    kinds = Counter(mail.kind for mail in postman.delivered)
    table.fact("mails delivered by LMTP", len(postman.delivered))
    for kind, count in kinds.most_common():
        table.fact(f"  {kind}", count)
    _judge_deaths(table, deaths, plan)
    judge_records(table, installation, inbox)
    judge_mailbox(table, inbox, postman.delivered, postman.flags)
    unfinished = unfinished_persons(records, inbox)
    table.promise(
        "left in the queues", len(unfinished), plan.short or not unfinished, "0 in the end"
    )
    judge_acknowledgements(
        table,
        postman.delivered,
        accepted,
        outbox,
        unfinished=unfinished,
        files_sent=plan.files_sent,
    )
    excused = unfiled_persons(records)
    judge_copies(table, account.messages("Sent"), accepted, excused=excused)
    others = {name: account.messages(name) for name in ("Drafts", "Junk", "Trash", "Archive")}
    table.none("messages in other folders", sum(map(len, others.values())))
    sound = installation.call("db", "check").strip()
    table.promise("`maildaemon db check`", sound, "is sound" in sound, "sound")
    judge_log(table, installation)
    return table


def _judge_deaths(table: Table, deaths: Deaths, plan: Plan) -> None:
    table.fact("kill -9 of the daemon", deaths.kills)
    if plan.server_restarts:
        wanted = plan.server_restarts
        told = f"{plan.database} killed and started again"
        table.promise(told, deaths.of_the_server, deaths.of_the_server == wanted, f"{wanted}")
    for aim, count in deaths.aims.most_common():
        table.fact(f"  aimed at {aim}", count)
    holding = deaths.kills - deaths.nothing
    # After each start nothing is sent before Sent is decided: a short run finds less to aim at.
    enough = 1 if plan.short else plan.kills // 2
    table.promise("died holding a claimed row", holding, holding >= enough, f"at least {enough}")
    table.fact("  a message being processed", deaths.processing)
    table.fact("  a mail before the dot", deaths.sending)
    promised = f"at least {plan.kills // 10}"
    table.promise("  a mail at the dot", deaths.dot, deaths.dot >= plan.kills // 10, promised)
    table.none("worker processes that outlived the daemon", deaths.orphans)


def side_by_side(plan: Plan, count: int) -> Table:
    """Share the mails and the kills among so many campaigns that run at the same time."""
    shares = [
        replace(
            plan,
            messages=plan.messages // count,
            kills=plan.kills // count,
            server_restarts=plan.server_restarts // count,
            seed=plan.seed + number,
        )
        for number in range(count)
    ]
    with ProcessPoolExecutor(count, get_context("spawn")) as processes:
        return Table.together(f"kill campaign: {plan}, as {count}", [*processes.map(_run, shares)])


def _run(plan: Plan) -> Table:
    return campaign(plan, lambda line: print(f"seed {plan.seed}: {line}", flush=True))


def _given() -> tuple[Plan, int]:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.kill")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lose", type=float, default=0.0, help="share of 250s that get lost")
    parser.add_argument("--files-sent", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--database", choices=BACKENDS, default="sqlite")
    parser.add_argument("--server-restarts", type=int, default=0, help="of the database's server")
    parser.add_argument("--short", action="store_true", help="do not wait for claims and doubts")
    parser.add_argument("--side-by-side", type=int, default=1, help="campaigns that share it")
    given = vars(parser.parse_args())
    count = given.pop("side_by_side")
    return Plan(**given), count


if __name__ == "__main__":
    conclude(lambda: side_by_side(*_given()))
