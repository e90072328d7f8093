"""`kill -9` again and again while time does something: each thing happens once.

Each customer asks; nobody answers in time, so staff are warned, and told that the promise broke. Then a
colleague answers, by APPEND to Sent as a mail client does it; the customer is reminded, the matter
taken as settled, and he is asked how it was. The servers' content and logs are the judge.

python -m tests.campaigns.timed_kill --conversations 60 --kills 60 --seed 1
"""

import argparse
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.kill import Killer, Plan, SlowSink
from tests.campaigns.mails import Mail, question
from tests.campaigns.races import answer
from tests.campaigns.table import Table, conclude
from tests.servers.process import wait_until
from tests.servers.sink import Accepted

_STAFF = "anna@shop.example"
# Seconds: a colleague answers after both warnings. Customers come in the time of so many lives.
_ANSWERED_AFTER = 30.0
_PER_KILL = 5.0


def _policy(hurry: float) -> dict[str, Any]:
    """Return what is changed in the configuration; everything comes so many times sooner."""

    def span(seconds: float) -> str:
        return f"{max(1, round(seconds / hurry))} seconds"

    return {
        "promises": {"normal": {"first_reply": span(15), "warn_at": span(8)}},
        "follow_up": [
            {"after": span(10), "template": "follow_up"},
            {"after": span(40), "resolve": "yes"},
        ],
        "feedback": {"after": span(2)},
        "mailboxes.0.staff": [_STAFF],
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """A conversation: what the customer wrote, and when it arrived."""

    mail: Mail
    at: float


class Shop(threading.Thread):
    """Customers who ask, and a colleague who answers a while later, whether or not a daemon lives."""

    def __init__(
        self, installation: Installation, conversations: int, seconds: float, hurry: float
    ) -> None:
        super().__init__(name="shop", daemon=True)
        self._account = installation.account
        self._gap = seconds / conversations / hurry
        self._answered_after = _ANSWERED_AFTER / hurry
        self._mails = [
            question(number, f"person{number}@customer.example")
            for number in range(1, conversations + 1)
        ]
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.failure = error
            raise

    def _work(self) -> None:
        tick, asked = threading.Event(), list[Asked]()
        mails = list(self._mails)
        while mails or asked:
            if mails:
                mail = mails.pop(0)
                self._account.deliver(mail.raw, sender=mail.person)
                asked.append(Asked(mail, time.monotonic()))
            tick.wait(self._gap)
            while asked and time.monotonic() - asked[0].at > self._answered_after:
                self._account.file(answer(asked.pop(0).mail, 1), "Sent", at=datetime.now(UTC))


def campaign(
    conversations: int,
    kills: int,
    seed: int,
    patience: float = 400,
    hurry: float = 1,
    say: Callable[[str], None] = print,
) -> Table:
    """Run the whole campaign on servers of its own; return what came of it. `patience`: for how
    many seconds the claims of the dead are waited for. `hurry`: everything comes so much sooner.
    """
    with installed("timed-kill", SlowSink, slowest=0.3, seed=seed) as (installation, sink):
        for path, value in _policy(hurry).items():
            installation.change(path, value)
        say(f"seed {seed}, log {installation.log}")
        killer = _kill_and_kill(installation, conversations, kills, seed, hurry, say)
        left = _let_it_finish(installation, patience)
        installation.stop()
        table = Table(f"timed kills: {conversations} conversations, {kills} kills, seed {seed}")
        table.fact("kill -9 of the daemon", killer.deaths.kills)
        table.fact("  a mail before the dot", killer.deaths.sending)
        table.fact("  a mail at the dot", killer.deaths.dot)
        table.none("worker processes that outlived the daemon", killer.deaths.orphans)
        table.fact("timers still due in the end, claimed by the dead", left)
        _judge(table, installation, sink.accepted(), conversations)
        judge_log(table, installation)
        return table


def _kill_and_kill(
    installation: Installation,
    conversations: int,
    kills: int,
    seed: int,
    hurry: float,
    say: Callable[[str], None],
) -> Killer:
    plan = Plan(conversations, kills, seed, lose=0, files_sent=True, short=True)
    killer, random = Killer(installation, plan, None), Random(f"pause {seed}")
    installation.start()
    installation.wait_started()
    shop = Shop(installation, conversations, kills * _PER_KILL, hurry)
    shop.start()
    for kill in range(1, kills + 1):
        killer.life()
        # Things fall due while nobody is there, too.
        threading.Event().wait(random.uniform(0, 2))
        installation.start()
        if kill % 10 == 0:
            say(f"{kill} kills: {killer.deaths}")
    shop.join()
    if shop.failure:
        raise shop.failure
    return killer


def _rows(installation: Installation, query: str) -> list[tuple[Any, ...]]:
    with installation.records.open() as database:
        return list(database.execute(query))


_DUE = "timer WHERE state = 'armed' AND due_at < strftime('%Y-%m-%d %H:%M:%f', 'now')"


def _let_it_finish(installation: Installation, patience: float) -> int:
    """Wait until all conversations are settled; return how many timers are still due after that."""

    def over() -> bool:
        installation.check_alive()
        [(armed,)] = _rows(installation, "SELECT count(*) FROM timer WHERE state = 'armed'")
        return armed == 0 and installation.records.left().due == 0

    installation.wait_begun()
    with contextlib.suppress(AssertionError):
        wait_until(over, patience, "everything has happened")
    [(due,)] = _rows(installation, f"SELECT count(*) FROM {_DUE}")
    return int(due)


def _judge(
    table: Table, installation: Installation, accepted: list[Accepted], conversations: int
) -> None:
    outbox = _rows(installation, "SELECT message_id, state, kind, sections FROM outbox")
    ids = Counter(mail.message_id for mail in accepted)
    table.fact("mails accepted by the sink", len(accepted))
    kinds = Counter(f"{kind} {sections} {state}" for _, state, kind, sections in outbox)
    for kind, count in kinds.most_common():
        table.fact(f"  {kind}", count)
    table.none("accepted twice", [one for one, count in ids.items() if count > 1])
    table.none("accepted, but not in the outbox", set(ids) - {row[0] for row in outbox})
    sent = {message_id for message_id, state, *_ in outbox if state == "sent"}
    table.none("recorded as sent, but never accepted", sent - set(ids))
    timers = _rows(installation, "SELECT thread_id, kind, state, outbox_id, outcome FROM timer")
    fired = Counter((thread, kind) for thread, kind, state, *_ in timers if state == "fired")
    noted = Counter(
        _rows(
            installation,
            "SELECT thread_id, json_extract(detail, '$.timer') FROM event "
            "WHERE event = 'timer_fired'",
        )
    )
    table.fact("timers fired", sum(fired.values()))
    table.none("fired twice", [one for one, count in fired.items() if count > 1])
    table.none("fired, but not once in the history", fired - noted | noted - fired)
    table.none("put aside", [one for one in timers if one[2] == "parked"])
    mute = [
        (thread, kind)
        for thread, kind, state, outbox_id, outcome in timers
        if state == "fired" and kind in {"follow_up", "feedback"} and outbox_id is None
    ]
    table.none("fired without its mail", mute)
    letters = Counter(row[0] for row in _rows(installation, _LETTERS))
    told = {thread for thread, kind in fired if kind == "late"}
    table.none("told of a broken promise without a letter", told - set(letters))
    [(threads,)] = _rows(installation, "SELECT count(*) FROM thread")
    table.promise("conversations", threads, threads == conversations, str(conversations))
    statuses = Counter(row[0] for row in _rows(installation, "SELECT status FROM thread"))
    table.fact("statuses", ", ".join(f"{n} {name}" for name, n in statuses.items()))


_LETTERS = "SELECT thread_id FROM outbox WHERE kind = 'staff'"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.timed_kill")
    parser.add_argument("--conversations", type=int, default=60)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=400, help="seconds to wait in the end")
    parser.add_argument("--hurry", type=float, default=1, help="so many times sooner")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments()), say=lambda line: print(line, flush=True)))
