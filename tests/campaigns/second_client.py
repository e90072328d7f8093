"""A colleague tidies up while the daemon works: marks, moves, deletes. Nothing is missed by that.

Whatever stood ten seconds in a watched folder is recorded once; what was gone sooner may be.

python -m tests.campaigns.second_client --messages 200 --seed 1
"""

import argparse
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log, number_of
from tests.campaigns.mails import Mail, question
from tests.campaigns.records import Records
from tests.campaigns.table import Table, conclude
from tests.servers.dovecot import Account

_STOOD = 10.0
_GAP = 0.25
_DONE_WITHIN = 120
# These are watched, the others are not.
_WATCHED = ("INBOX", "Sent", "Junk")
_FOLDERS = (*_WATCHED, "Archive", "Trash")


class Deed(StrEnum):
    """What the colleague does with a message."""

    LEAVE = "leaves it"
    READ = "marks it read"
    FLAG = "flags it"
    TO_SENT = "moves it to Sent"
    TO_ARCHIVE = "moves it to Archive"
    TO_TRASH = "moves it to Trash"
    DELETE = "deletes it for good"
    BY_SENT_TO_ARCHIVE = "moves it to Sent, and on to Archive"


_GOES_TO = {Deed.TO_SENT: "Sent", Deed.TO_ARCHIVE: "Archive", Deed.TO_TRASH: "Trash"}


@dataclass(frozen=True, slots=True)
class Case:
    """A message, what is done with it, and after how long."""

    mail: Mail
    deed: Deed
    after: float
    again_after: float


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a message stood in one watched folder, at least; and the flags it ends up with."""

    seconds: float
    flags: frozenset[str]


def campaign(messages: int, seed: int, say: Callable[[str], None] = print) -> Table:
    """Run the whole campaign on servers of its own; return what came of it."""
    random = Random(seed)
    cases = [_case(number, random) for number in range(1, messages + 1)]
    with installed("second-client") as (installation, sink):
        installation.start()
        installation.wait_started()
        stays = _deliver_and_tidy(installation, cases)
        say("everything is delivered and tidied up")
        # Sent is only polled: what came there last has its ten seconds as well.
        installation.wait_done(_DONE_WITHIN, still=_STOOD)
        installation.stop()

        table = Table(f"second client: {messages} messages, seed {seed}")
        for deed, count in Counter(case.deed for case in cases).most_common():
            table.fact(f"the colleague {deed}", count)
        _judge_records(table, installation.records, cases, stays)
        _judge_mailbox(table, installation.account, cases, stays)
        acknowledged = Counter(person for mail in sink.accepted() for person in mail.rcpt_to)
        table.fact("acknowledged", len(acknowledged))
        table.none("acknowledged twice", [one for one, count in acknowledged.items() if count > 1])
        judge_log(table, installation)
    return table


def _case(number: int, random: Random) -> Case:
    deed = random.choice([*Deed])
    # Half of them at once, in the very seconds in which the daemon reads.
    after = random.uniform(0, 2) if random.random() < 0.5 else random.uniform(2, 14)
    again_after = random.uniform(9, 14)
    return Case(question(number, f"person{number}@customer.example"), deed, after, again_after)


def _deliver_and_tidy(installation: Installation, cases: list[Case]) -> dict[int, Stay]:
    tick = threading.Event()
    with ThreadPoolExecutor(48, thread_name_prefix="colleague") as colleagues:
        futures = {}
        for case in cases:
            installation.check_alive()
            installation.account.deliver(case.mail.raw, sender=case.mail.person)
            number = case.mail.number
            # The UIDs of what arrives run from 1, as nothing else puts anything into the inbox.
            futures[number] = colleagues.submit(
                _tidy, installation.account, case, number, time.monotonic(), tick
            )
            tick.wait(_GAP)
    return {number: future.result() for number, future in futures.items()}


def _tidy(account: Account, case: Case, uid: int, arrived: float, tick: threading.Event) -> Stay:
    if case.deed is Deed.LEAVE:
        return Stay(float("inf"), frozenset())
    tick.wait(case.after)
    if case.deed in {Deed.READ, Deed.FLAG}:
        flag = r"\Seen" if case.deed is Deed.READ else r"\Flagged"
        account.flag("INBOX", uid, flag)
        return Stay(float("inf"), frozenset({flag}))
    stood = time.monotonic() - arrived
    if case.deed is Deed.DELETE:
        account.expunge("INBOX", uid)
        return Stay(stood, frozenset())
    account.move("INBOX", uid, _GOES_TO.get(case.deed, "Sent"))
    if case.deed is Deed.TO_SENT:
        return Stay(float("inf"), frozenset())
    if case.deed is not Deed.BY_SENT_TO_ARCHIVE:
        return Stay(stood, frozenset())
    moved = time.monotonic()
    tick.wait(case.again_after)
    [there] = [one.uid for one in account.messages("Sent") if _is(one.raw, case.mail.number)]
    stood = max(stood, time.monotonic() - moved)
    account.move("Sent", there, "Archive")
    return Stay(stood, frozenset())


def _is(raw: bytes, number: int) -> bool:
    # Our acknowledgements lie in Sent too.
    return b"\nX-Mail-Number: " in raw and number_of(raw) == number


def _judge_records(
    table: Table, records: Records, cases: list[Case], stays: dict[int, Stay]
) -> None:
    recorded = _recorded(records)
    long = {case.mail.number for case in cases if stays[case.mail.number].seconds >= _STOOD}
    times = {case.mail.number: recorded[case.mail.message_id] for case in cases}
    deeds = {case.mail.number: case.deed for case in cases}
    table.fact(f"stood {_STOOD:g} s in a watched folder", len(long))
    missed = [f"{deeds[n]} after {stays[n].seconds:.1f} s" for n in long if not times[n]]
    table.none("of them lost", missed)
    brief = [number for number in times if number not in long]
    table.fact("gone sooner", len(brief))
    table.fact("of them recorded all the same", sum(times[number] > 0 for number in brief))
    table.none("doubled", [n for n, count in times.items() if count > 1])


def _recorded(records: Records) -> Counter[str | None]:
    with records.open() as database:
        return Counter(row[0] for row in database.execute("SELECT message_id FROM message"))


def _judge_mailbox(
    table: Table, account: Account, cases: list[Case], stays: dict[int, Stay]
) -> None:
    places: dict[int, list[str]] = defaultdict(list)
    changed = []
    for folder in _FOLDERS:
        for stored in account.messages(folder):
            if b"\nX-Mail-Number: " not in stored.raw:
                continue
            number = number_of(stored.raw)
            places[number].append(folder)
            if stored.flags != stays[number].flags:
                changed.append(f"mail {number}: {sorted(stored.flags)}")
    wrong = [
        f"mail {case.mail.number} ({case.deed}): {places[case.mail.number]}"
        for case in cases
        if places[case.mail.number] != _belongs(case.deed)
    ]
    table.none("not where the colleague put it", wrong)
    table.none("flags changed by the daemon", changed)


def _belongs(deed: Deed) -> list[str]:
    match deed:
        case Deed.DELETE:
            return []
        case Deed.BY_SENT_TO_ARCHIVE:
            return ["Archive"]
        case _:
            return [_GOES_TO.get(deed, "INBOX")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.second_client")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments())))
