"""A mailbox full of old mail at the first start: silence, and then only what is really new.

The daemon is killed while it reads, and so is the `backfill` that imports all of it afterwards.

python -m tests.campaigns.old_mailbox --messages 3000
python -m tests.campaigns.old_mailbox --messages 100000 --laid

With `--laid` the old mail is written into the server's store, with its true INTERNALDATE, as it
stands in a mailbox of two years; otherwise it is delivered, and only its Date is old (90 days).
"""

import argparse
import resource
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from benchmarks.processes import Sampler
from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log, judge_mailbox, judge_records
from tests.campaigns.mails import SUPPORT, Mail, Writer, question
from tests.campaigns.records import Records
from tests.campaigns.table import Table, conclude
from tests.servers.process import HOST, wait_until

_START_WITHIN = 1200
_DONE_WITHIN = 120
_BACKFILL_WITHIN = 7200
_MEMORY = 300
_RATE = 100
# Below that the start of a process is most of what is measured.
_WORTH_TIMING = 1000


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How long the import took, its killed part included, the seconds of CPU that it cost (without
    the mail server), and its memory at most in bytes.
    """

    seconds: float
    cpu: float
    memory: int
    recorded_when_killed: int


def campaign(
    messages: int, seed: int, *, laid: bool = False, say: Callable[[str], None] = print
) -> Table:
    """Let the past stand there, start the daemon, then let two mails arrive; import the past."""
    with installed("old-mailbox") as (installation, sink):
        past = (_lay_the_past if laid else _deliver_the_past)(installation, messages, seed)
        say(f"{messages} old messages lie in the mailbox")
        memory, started_in, read_before = _start(installation, messages)
        # Whatever the daemon would do about old mail, it would do it now.
        installation.wait_done(_DONE_WITHIN, still=5 if messages > _WORTH_TIMING else 1)
        sent_about_the_past = len(sink.accepted())

        asked = next(mail for mail in past[-messages // 10 :] if mail.must_be_acknowledged)
        reply = question(
            messages + 1, asked.person, Subject="Re: that", In_Reply_To=f"<{asked.message_id}>"
        )
        new = question(messages + 2, "somebody.new@customer.example")
        for mail in (reply, new):
            installation.account.deliver(mail.raw, sender=mail.person)
            recorded = partial(_is_recorded, installation.records, mail)
            installation.wait_done(_DONE_WITHIN, recorded, still=1)
        installation.stop()
        say("backfill")
        backfilled = _backfill(installation, messages)

        table = Table(f"old mailbox: {messages} messages before the first start, seed {seed}")
        table.fact("they were", "laid into the store" if laid else "delivered by LMTP")
        table.fact("first start took", f"{started_in:.1f} s, killed once")
        table.fact("headers read before the kill", read_before)
        _promise_memory(table, "memory of the first start (PSS, all processes)", memory)
        table.none("mails sent about them", sent_about_the_past)
        silence = _silence(installation.records, reply)
        table.promise(
            "silence about a reply to last week's conversation",
            silence,
            silence == "earlier_conversation",
            "earlier_conversation",
        )
        answered = [person for mail in sink.accepted() for person in mail.rcpt_to]
        table.none("mails to its sender", answered.count(reply.person))
        table.promise(
            "acknowledgements of a new mail",
            answered.count(new.person),
            new.person in answered,
            "1",
        )
        table.promise("mails sent in all", len(answered), len(answered) == 1, "1")
        _judge_backfill(table, messages, backfilled)
        inbox = installation.account.messages()
        judge_mailbox(table, inbox, [*past, reply, new], {})
        judge_records(table, installation, inbox)
        judge_log(table, installation)
    return table


def _start(installation: Installation, messages: int) -> tuple[int, float, int]:
    """Start the daemon, kill it while it reads, start it again; return its memory at most, the
    seconds of it all, and how many headers had been read before the kill.
    """
    began = time.monotonic()
    installation.start()
    first = _sampled(installation)
    many = messages > _WORTH_TIMING
    said = "history.read" if many else "daemon.started"
    wait_until(lambda: installation.has_logged(said), _START_WITHIN, "it reads the past")
    read_before = _count(installation.records, "earlier")
    installation.kill()
    installation.start()
    second = _sampled(installation)
    installation.wait_started(_START_WITHIN)
    seconds = time.monotonic() - began
    return max(first.end(), second.end()), seconds, read_before


def _backfill(installation: Installation, messages: int) -> Backfilled:
    """Import the past, killed once in the middle."""
    since = (datetime.now(UTC) - timedelta(days=800)).date().isoformat()
    records = installation.records
    began, cpu = time.monotonic(), _cpu_of_children()
    installation.begin("backfill", "--since", since)
    first = _sampled(installation)
    half = partial(_has, records, "inbound WHERE history", messages // 2)
    wait_until(half, _BACKFILL_WITHIN, "half of the past is recorded")
    installation.kill()
    killed_at = _count(records, "inbound WHERE history")
    installation.begin("backfill", "--since", since)
    second = _sampled(installation)
    code = installation.wait_ended(_BACKFILL_WITHIN)
    assert code == 0, f"backfill ended with {code}: see {installation.log}"
    seconds, cpu = time.monotonic() - began, _cpu_of_children() - cpu
    return Backfilled(seconds, cpu, max(first.end(), second.end()), killed_at)


def _cpu_of_children() -> float:
    """Return the seconds that ended children have cost, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sampled(installation: Installation) -> Sampler:
    sampler = Sampler(installation.pid)
    sampler.start()
    return sampler


def _judge_backfill(table: Table, messages: int, done: Backfilled) -> None:
    rate = messages / done.seconds
    table.fact("backfill killed after recording", done.recorded_when_killed)
    table.fact("backfill took", f"{done.seconds:.1f} s")
    if messages < _WORTH_TIMING:
        table.fact("messages a second", round(rate))
    else:
        table.fact("CPU of a thousand messages", f"{1000 * done.cpu / messages:.1f} s")
        table.promise("messages a second", round(rate), rate >= _RATE, f"at least {_RATE}")
    _promise_memory(table, "memory of backfill (PSS, all processes)", done.memory)


def _promise_memory(table: Table, name: str, found: int) -> None:
    megabytes = round(found / 1_000_000)
    table.promise(name, f"{megabytes} MB", megabytes < _MEMORY, f"below {_MEMORY} MB")


def _past(messages: int, seed: int, days: int) -> Iterator[tuple[Mail, datetime]]:
    """Yield mails whose Date lies up to so many days back, oldest first."""
    writer, random = Writer(seed), Random(f"past {seed}")
    now = datetime.now(UTC)
    ages = sorted((random.uniform(2, days) for _ in range(messages)), reverse=True)
    for number, age in enumerate(ages, 1):
        at = now - timedelta(days=age)
        yield writer.write(number, (), date=at), at


def _deliver_the_past(installation: Installation, messages: int, seed: int) -> list[Mail]:
    """Deliver the past over one connection."""
    past = []
    with smtplib.LMTP(HOST, installation.account.server.lmtp_port, timeout=20) as lmtp:
        for mail, _ in _past(messages, seed, 90):
            for _ in range(mail.times):
                lmtp.sendmail(mail.reverse_path, [SUPPORT], mail.raw)
            past.append(mail)
    return past


def _lay_the_past(installation: Installation, messages: int, seed: int) -> list[Mail]:
    """Write the past into the store, with the lines that its delivery would have put on top."""
    past: list[Mail] = []

    def delivered() -> Iterator[tuple[bytes, datetime]]:
        for mail, at in _past(messages, seed, 730):
            past.append(mail)
            top = f"Return-Path: <{mail.reverse_path}>\r\nDelivered-To: {SUPPORT}\r\n"
            for _ in range(mail.times):
                yield top.encode() + mail.raw, at

    installation.account.lay(delivered())
    return past


def _has(records: Records, rows: str, at_least: int) -> bool:
    return _count(records, rows) >= at_least


def _count(records: Records, rows: str) -> int:
    if not records.is_there():
        return 0
    with records.open() as database:
        found: int = database.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
    return found


def _is_recorded(records: Records, mail: Mail) -> bool:
    return _silence(records, mail) is not None


def _silence(records: Records, mail: Mail) -> str | None:
    """Return the recorded reason for silence, "" if there is none, None if there is no record."""
    query = "SELECT coalesce(silence, '') FROM message WHERE message_id = ?"
    with records.open() as database:
        found = database.execute(query, (mail.message_id,)).fetchone()
    return found[0] if found else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.old_mailbox")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--laid", action="store_true", help="write them into the server's store")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments())))
