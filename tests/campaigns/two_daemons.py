"""Several daemons on one PostgreSQL, of which now and then one is killed, frozen or cut off.

Mail arrives the whole time, in two mailboxes. Whatever happens to one daemon, the next takes over
within a minute; nobody gets a mail twice, and nothing is lost. The judges are Dovecot's content and
the SMTP server's log; the server files in Sent what it sends, so there is a witness.

python -m tests.campaigns.two_daemons --minutes 30 --seed 1
"""

import argparse
import contextlib
import shutil
import signal
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from enum import StrEnum
from random import Random
from socket import gethostname
from typing import Any

import yaml

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
from tests.campaigns.kill import SlowSink
from tests.campaigns.mails import SUPPORT, Mail, Writer
from tests.campaigns.records import ServerRecords
from tests.campaigns.table import Table, conclude
from tests.servers.dovecot import Account
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.sink import Accepted, SentFolder, SmtpSink
from tests.system.ready import SHORT_LEASES

_SALES = "sales@example.test"
_MAILBOXES = {"support": SUPPORT, "sales": _SALES}
# The dot's claim (12 min) and the doubt (15 min) run at once.
_PATIENCE = 35 * 60
# How long a take-over may take.
_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is asked for. `lease`: how long one lasts, in seconds; None: as shipped."""

    minutes: float
    seed: int
    daemons: int = 2
    rate: float = 1.0
    lease: float | None = None

    @property
    def life(self) -> float:
        return self.lease or 30

    @property
    def is_short(self) -> bool:
        """Tell whether claims and doubts are not waited for."""
        return self.lease is not None


class Blow(StrEnum):
    """What happens to a daemon that works."""

    KILL = "kill -9"
    FREEZE = "SIGSTOP, and SIGCONT later"
    CUT = "its connections to the database broken off"
    STOP = "SIGTERM"


_BLOWS = (Blow.KILL, Blow.FREEZE, Blow.KILL, Blow.FREEZE, Blow.STOP, Blow.CUT)


class _SentFolders(SentFolder):
    """Files a copy in the account of whom the mail is from."""

    def file(self, raw: bytes) -> None:
        SentFolder.file(replace(self, user=_author(raw)), raw)


def _author(raw: bytes) -> str:
    return _SALES if _SALES in str(message_from_bytes(raw)["From"]) else SUPPORT


@dataclass
class Seen:
    """What came of the blows."""

    blows: Counter[Blow] = field(default_factory=Counter)
    takeovers: dict[Blow, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: list[str] = field(default_factory=list)
    changes: int = 0


class Postman(threading.Thread):
    """Delivers by LMTP, in turns to both mailboxes, until it is told to stop."""

    def __init__(self, accounts: dict[str, Account], sink: SmtpSink, plan: Plan) -> None:
        super().__init__(name="postman", daemon=True)
        self._accounts, self._sink, self._rate = accounts, sink, plan.rate
        self._writers = {name: Writer(plan.seed) for name in accounts}
        self._random = Random(f"postman {plan.seed}")
        self._stopping = threading.Event()
        self.delivered: dict[str, list[Mail]] = {name: [] for name in accounts}
        self.failure: BaseException | None = None

    def run(self) -> None:
        number, names = 0, [*self._accounts]
        try:
            while not self._stopping.wait(min(self._random.expovariate(self._rate), 5)):
                number += 1
                self._deliver(number, names[number % len(names)])
        except BaseException as error:
            self.failure = error
            raise

    def _deliver(self, number: int, name: str) -> None:
        address = _MAILBOXES[name]
        ours = [one for one in self._sink.accepted() if one.mail_from.startswith(name)]
        mail = self._writers[name].write(number, ours)
        mail = replace(mail, raw=mail.raw.replace(SUPPORT.encode(), address.encode()))
        for _ in range(mail.times):
            self._accounts[name].deliver(mail.raw, sender=mail.reverse_path)
        self.delivered[name].append(mail)

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)
        if self.failure:
            raise self.failure


class Fate:
    """Strikes one daemon after the other, and looks who takes over."""

    def __init__(self, daemons: Sequence[Installation], server: Postgres, plan: Plan) -> None:
        self._daemons, self._server, self._plan = daemons, server, plan
        self._random = Random(f"fate {plan.seed}")
        self._tick = threading.Event()
        self._blows = self._in_turns()
        self.seen = Seen()

    def _in_turns(self) -> Iterator[Blow]:
        while True:
            blows = _BLOWS[:2] if self._plan.is_short else _BLOWS
            yield from self._random.sample(blows, len(blows))

    @property
    def records(self) -> ServerRecords:
        records = self._daemons[0].records
        assert isinstance(records, ServerRecords)
        return records

    def _holders(self) -> dict[str, Installation]:
        """Return which daemon that runs holds which mailbox."""
        places = {f"{gethostname()}/{one.pid}": one for one in self._daemons}
        held = self.records.holders()
        return {
            name: places[at] for name, at in held.items() if name in _MAILBOXES and at in places
        }

    def wait_held(self) -> dict[str, Installation]:
        """Wait until every mailbox has its daemon; return which."""
        found: dict[str, Installation] = {}

        def all_held() -> bool:
            found.update(self._holders())
            return len(found) == len(_MAILBOXES)

        wait_until(all_held, 3 * _WITHIN, "every mailbox is held")
        return found

    def strike(self) -> None:
        """Strike a daemon that holds something, wait until another does, and let it come back."""
        held = self.wait_held()
        victim = self._random.choice([*held.values()])
        names = [name for name, one in held.items() if one is victim]
        blow = next(self._blows)
        self.seen.blows[blow] += 1
        begun = time.monotonic()
        self._hit(victim, blow)
        if blow is not Blow.CUT:
            self._time_takeovers(victim, names, blow, begun)
        # A frozen one wakes when it has long been taken over, and mail has gone since.
        self._tick.wait(self._random.uniform(0.2, 1) * self._plan.life)
        self._bring_back(victim, blow)

    def _hit(self, victim: Installation, blow: Blow) -> None:
        match blow:
            case Blow.KILL:
                victim.kill()
            case Blow.FREEZE:
                victim.signal(signal.SIGSTOP)
            case Blow.STOP:
                victim.stop()
            case Blow.CUT:
                with contextlib.closing(self._server.connect("postgres")) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = %s",
                        (victim.folder.name,),
                    )

    def _time_takeovers(
        self, victim: Installation, names: Sequence[str], blow: Blow, begun: float
    ) -> None:
        waiting = set(names)
        while waiting and time.monotonic() < begun + 3 * _WITHIN:
            others = [one for one in self._daemons if one is not victim and one.runs]
            places = {f"{gethostname()}/{one.pid}" for one in others}
            held = self.records.holders()
            for name in [one for one in waiting if held.get(one) in places]:
                waiting.discard(name)
                self._note(blow, name, time.monotonic() - begun)
            self._tick.wait(0.1)
        for name in waiting:
            self.seen.late.append(f"{name} after {blow}: nobody took over")

    def _note(self, blow: Blow, name: str, took: float) -> None:
        self.seen.takeovers[blow].append(took)
        if took > _WITHIN:
            self.seen.late.append(f"{name} after {blow}: {took:.1f} s")

    def _bring_back(self, victim: Installation, blow: Blow) -> None:
        match blow:
            case Blow.KILL | Blow.STOP:
                victim.start()
                victim.wait_begun()
            case Blow.FREEZE:
                victim.signal(signal.SIGCONT)
            case Blow.CUT:
                pass
        victim.check_alive()


def campaign(
    plan: Plan, say: Callable[[str], None] = print, shared: Postgres | None = None
) -> Table:
    """Run the whole campaign on servers of its own (or on a `shared` PostgreSQL)."""
    with contextlib.ExitStack() as stack:
        server = shared or stack.enter_context(Postgres(durable=True))
        first, sink = stack.enter_context(
            installed("two-daemons", SlowSink, slowest=0.3, seed=plan.seed)
        )
        sink.file_with(_SentFolders(first.account.server.imap_port, SUPPORT))
        daemons = [first, *(_another(first, sink, n) for n in range(1, plan.daemons))]
        for one in daemons[1:]:
            stack.callback(one.clean_up)
        database = server.empty()
        for one in daemons:
            _share(one, server, database, plan)
        accounts = {n: first.account.server.account(a) for n, a in _MAILBOXES.items()}
        say(f"seed {plan.seed}, logs {first.folder}")
        _start_all(daemons)
        postman, fate = Postman(accounts, sink, plan), Fate(daemons, server, plan)
        fate.wait_held()
        wait_until(lambda: _has_begun(fate), 120, "the mailboxes have been read")
        postman.start()
        _strike_on(fate, plan, say)
        postman.stop()
        _let_it_finish(fate, daemons, accounts, plan, say)
        for one in daemons:
            one.stop()
        return _judge(plan, daemons, accounts, sink, postman, fate)


def _another(first: Installation, sink: Any, number: int) -> Installation:
    folder = first.folder / f"daemon{number + 1}"
    folder.mkdir()
    return Installation(folder, first.account.server, sink)


def _share(one: Installation, server: Postgres, database: str, plan: Plan) -> None:
    """Let it work on the common database, with both mailboxes."""
    one.change("database.url", f"{server.url(database)}?application_name={one.folder.name}")
    written = yaml.load(one.config.read_text("utf-8"), yaml.BaseLoader)
    sales = yaml.load(yaml.safe_dump(written["mailboxes"][0]), yaml.BaseLoader)
    sales |= {"name": "sales", "address": _SALES}
    sales["imap"]["username"] = _SALES
    written["mailboxes"].append(sales)
    one.config.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    one.changes["mailboxes.1"] = f"as mailboxes.0, of {_SALES}"
    one.records = ServerRecords(server.url(database))
    if plan.lease is not None:
        one.set_variable(SHORT_LEASES, str(plan.lease))


def _start_all(daemons: Sequence[Installation]) -> None:
    first, *others = daemons
    first.start()
    first.wait_begun()
    for one in others:
        (one.folder / "var").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(first.folder / "var" / "key", one.folder / "var" / "key")
        one.start()
    for one in others:
        one.wait_begun()


def _has_begun(fate: Fate) -> bool:
    with fate.records.open() as connection:
        rows = connection.execute("SELECT name FROM mailbox WHERE started_at IS NOT NULL")
        return len(rows.fetchall()) == len(_MAILBOXES)


def _strike_on(fate: Fate, plan: Plan, say: Callable[[str], None]) -> None:
    ends = time.monotonic() + plan.minutes * 60
    while time.monotonic() < ends:
        fate.strike()
        took = [one for each in fate.seen.takeovers.values() for one in each]
        say(f"{sum(fate.seen.blows.values())} blows, {len(took)} take-overs, {fate.records.left()}")


def _let_it_finish(
    fate: Fate,
    daemons: Sequence[Installation],
    accounts: dict[str, Account],
    plan: Plan,
    say: Callable[[str], None],
) -> None:
    """Wait, undisturbed, until the queues are empty (short: until nothing of them is due) and
    everything has been read.
    """
    told = time.monotonic()

    def worked_off() -> bool:
        nonlocal told
        for one in daemons:
            one.check_alive()
        left = fate.records.left()
        if time.monotonic() > told + 60:
            told = time.monotonic()
            say(f"undisturbed now: {left}")
        quiet = left.nothing or (plan.is_short and left.due == 0)
        return quiet and all(_is_read(fate, name, one) for name, one in accounts.items())

    def stays() -> bool:
        if not worked_off():
            return False
        threading.Event().wait(1)
        return worked_off()

    wait_until(stays, _PATIENCE, "the queues are worked off")


def _is_read(fate: Fate, name: str, account: Account) -> bool:
    query = (
        "SELECT folder.name, folder.last_uid FROM folder "
        "JOIN mailbox ON mailbox.id = folder.mailbox_id WHERE mailbox.name = ?"
    )
    with fate.records.open() as connection:
        cursors = dict(connection.execute(query, (name,)).fetchall())
    with account.connection() as imap:
        for folder in ("INBOX", "Sent"):
            status = imap.status(folder, "(UIDNEXT)")[1][0].decode()
            if cursors.get(folder, 0) < int(status.rpartition(" ")[2].rstrip(")")) - 1:
                return False
    return True


def _judge(
    plan: Plan,
    daemons: Sequence[Installation],
    accounts: dict[str, Account],
    sink: SmtpSink,
    postman: Postman,
    fate: Fate,
) -> Table:
    first = daemons[0]
    table = Table(f"two daemons campaign: {plan}")
    table.fact("configuration, of each daemon", first.init)
    for path, value in first.changes.items():
        table.fact(f"  and then {path}", value)
    _judge_takeovers(table, fate.seen, plan)
    # The listing is of all mailboxes.
    outbox = first.listing("outbox", "list", "--limit", "0")
    for name, account in accounts.items():
        table.fact(f"mailbox {name}: mails delivered by LMTP", len(postman.delivered[name]))
        accepted = [one for one in sink.accepted() if one.mail_from.startswith(name)]
        mails = postman.delivered[name]
        _judge_mailbox(table, plan, first, name, account, mails, accepted, outbox)
    for one in daemons:
        table.fact("daemon", one.folder.name)
        judge_log(table, one)
    first.keep = bool(table.broken)
    return table


def _judge_takeovers(table: Table, seen: Seen, plan: Plan) -> None:
    table.fact("daemons on one database", plan.daemons)
    for blow, count in seen.blows.items():
        table.fact(f"  {blow}", count)
        if took := seen.takeovers[blow]:
            median, longest = statistics.median(took), max(took)
            table.fact("    taken over after (median, longest)", f"{median:.1f} s, {longest:.1f} s")
    all_of_them = [one for each in seen.takeovers.values() for one in each]
    table.fact("take-overs of a mailbox", len(all_of_them))
    longest = max(all_of_them, default=0.0)
    promised = f"at most {_WITHIN:.0f} s"
    kept = bool(all_of_them) and longest <= _WITHIN
    table.promise("longest take-over, in seconds", f"{longest:.1f}", kept, promised)
    table.none("mailboxes that were not taken over in time", seen.late)


def _judge_mailbox(
    table: Table,
    plan: Plan,
    installation: Installation,
    name: str,
    account: Account,
    delivered: Sequence[Mail],
    accepted: Sequence[Accepted],
    outbox: Sequence[dict[str, Any]],
) -> None:
    inbox, records = account.messages("INBOX"), installation.records
    judge_records(table, installation, inbox, name)
    judge_mailbox(table, inbox, delivered, {})
    unfinished = unfinished_persons(records, inbox, name)
    done = plan.is_short or not unfinished
    table.promise("left in the queues", len(unfinished), done, "0 in the end")
    ours = {mail.person for mail in delivered}
    judge_acknowledgements(
        table,
        delivered,
        accepted,
        [one for one in outbox if one["recipient"] in ours],
        unfinished=unfinished,
        files_sent=True,
    )
    excused = unfiled_persons(records)
    judge_copies(table, account.messages("Sent"), accepted, excused=excused)


def _plan(arguments: Sequence[str] | None = None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.two_daemons")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--daemons", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1.0, help="mails a second")
    return Plan(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    conclude(lambda: campaign(_plan(), lambda line: print(line, flush=True)))
