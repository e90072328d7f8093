"""Somebody writes thousands of mails within minutes: who else has to wait?

From one address, under another subject and with other words each time, come `--mails` mails at an even
pace over `--minutes`; and from one more, whose detail (`+`) and whose name below the domain change
each time, `--varied` of them. Meanwhile customers write, one every few seconds. All of it is delivered
by LMTP; only the rate of the mailbox is not as shipped. The SMTP server's log says who was answered when.

python -m tests.campaigns.flood --mails 10000 --varied 1000 --minutes 10 --seed 1
"""

import argparse
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

from benchmarks.processes import Sampler
from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log, judge_records
from tests.campaigns.mails import SUPPORT, Mail, question
from tests.campaigns.rush import make_pager, read_told
from tests.campaigns.table import Table, conclude
from tests.servers.process import HOST
from tests.servers.sink import Accepted

_WITHIN = 1800
_RECORDED_WITHIN = 60
_MOST = 3
_MEMORY = 300
_BOMBER, _VARIED = "bomb@loud.example", "many.example"
# So many people within ten minutes are not too many for a shop with three times the shipped rate, so
# that none of them waits for its turn.
_CUSTOMERS, _PER_MAILBOX = 40, "180 in 1 hour"
_WORDS = "lamp ring box glass cable paper order money train house cat river stone cloud".split()


def campaign(
    mails: int, varied: int, minutes: float, seed: int, say: Callable[[str], None] = print
) -> Table:
    """Let it all come; return the figures."""
    with installed("flood", files_sent=False) as (installation, sink):
        command, told = make_pager(installation.folder)
        installation.change("alerts", {"command": command})
        installation.change("limits.per_mailbox", _PER_MAILBOX)
        installation.start()
        installation.wait_started(120)
        sampler = Sampler(installation.pid)
        sampler.start()
        customers = min(_CUSTOMERS, max(3, mails // 50))
        wrote = _deliver(installation, _plan(mails, varied, customers, seed), minutes * 60)
        lasted = max(wrote.values()) - min(wrote.values())
        say(f"{len(wrote)} mails were delivered within {lasted:.0f} s")
        count = mails + varied + customers
        installation.wait_done(_WITHIN, lambda: _recorded_count(installation) >= count)
        memory = sampler.end()
        (status,) = installation.listing("status")
        installation.stop()

        title = (
            f"flood: {mails} mails of one and {varied} of another in {lasted:.0f} s, seed {seed}"
        )
        table = Table(title)
        table.fact("limits.per_mailbox in the config", _PER_MAILBOX)
        _judge_responses(table, wrote, sink.accepted())
        _judge_records(table, installation, wrote)
        mebibytes = memory / 2**20
        table.promise(
            "memory at most (PSS, all processes)",
            f"{mebibytes:.0f} MiB",
            mebibytes < _MEMORY,
            f"< {_MEMORY} MiB",
        )
        table.none("brakes that are on", [on["brake"] for on in status["brakes"]])
        events = Counter(one["event"] for one in read_told(told))
        table.promise("alarms", dict(events), events.total() <= _MOST, f"<= {_MOST}")
        judge_records(table, installation, installation.account.messages())
        judge_log(table, installation)
    return table


def _plan(mails: int, varied: int, customers: int, seed: int) -> list[Mail]:
    """Return everybody's mails, well mixed."""
    random = Random(seed)
    numbers = iter(range(1, mails + varied + customers + 1))
    plan = [_loud(next(numbers), _BOMBER, random) for _ in range(mails)]
    plan += [
        _loud(number, f"desk+{number}@n{number}.{_VARIED}", random)
        for number in (next(numbers) for _ in range(varied))
    ]
    # Who writes first is known by no limit yet: all of them come in between.
    plan += [question(one, f"person{one}@customer{one}.example") for one in numbers]
    return random.sample(plan, len(plan))


def _loud(number: int, author: str, random: Random) -> Mail:
    words = " ".join(random.choices(_WORDS, k=12))
    mail = question(number, author, Subject=f"{random.choice(_WORDS)} {number} {words[:20]}")
    return Mail(
        mail.number, mail.kind, author, author, mail.message_id, mail.raw + words.encode() + b"\r\n"
    )


def _deliver(installation: Installation, plan: list[Mail], seconds: float) -> dict[str, float]:
    """Deliver at an even pace; return when each person's mail, by its id, was taken."""
    wrote: dict[str, float] = {}
    tick, begun = threading.Event(), time.monotonic()
    port = installation.account.server.lmtp_port
    for place, lmtp in enumerate(_lines(port, len(plan))):
        mail = plan[place]
        tick.wait(max(0.0, begun + seconds * place / len(plan) - time.monotonic()))
        lmtp.sendmail(mail.person, [SUPPORT], mail.raw)
        wrote[mail.message_id or ""] = time.time()
    installation.check_alive()
    return wrote


def _lines(port: int, count: int) -> Iterator[smtplib.LMTP]:
    """Yield so many times a connection to deliver over; each is used for a hundred mails."""
    for begun in range(0, count, 100):
        with smtplib.LMTP(HOST, port, timeout=60) as lmtp:
            for _ in range(min(100, count - begun)):
                yield lmtp


def _recorded_count(installation: Installation) -> int:
    with installation.records.open() as connection:
        query = "SELECT count(*) FROM message WHERE message_id LIKE 'campaign.%'"
        return int(connection.execute(query).fetchone()[0])


def _judge_responses(table: Table, wrote: dict[str, float], mails: list[Accepted]) -> None:
    got = Counter(_who(mail.rcpt_to[0]) for mail in mails)
    for name in (_BOMBER, _VARIED):
        table.promise(f"responses to {name}", got[name], 1 <= got[name] <= _MOST, f"<= {_MOST}")
    people = {one for one in map(_person, wrote) if one is not None}
    table.fact("customers among them", len(people))
    table.none("customers not answered", people - got.keys())
    table.none("customers answered twice", [one for one in people if got[one] > 1])
    table.none("mails to anybody else", got.keys() - people - {_BOMBER, _VARIED})
    at = {_person(name): when for name, when in wrote.items()}
    waited = [
        mail.at.timestamp() - at[who] for mail in mails if (who := _who(mail.rcpt_to[0])) in at
    ]
    table.fact("customers answered after (median, longest)", _spread(waited))


def _person(message_id: str) -> str | None:
    """Return the address of the customer who wrote this; None for somebody loud."""
    number, _, domain = message_id.removeprefix("campaign.").partition("@")
    return f"person{number}@{domain}" if domain.startswith("customer") else None


def _who(recipient: str) -> str:
    return _VARIED if recipient.endswith(_VARIED) else recipient


def _spread(seconds: list[float]) -> str:
    ranked = sorted(seconds) or [0.0]
    return f"{ranked[len(ranked) // 2]:.1f} s, {ranked[-1]:.1f} s"


def _judge_records(table: Table, installation: Installation, wrote: dict[str, float]) -> None:
    query = (
        "SELECT message.message_id, (julianday(min(event.at)) - 2440587.5) * 86400 FROM message "
        "JOIN event ON event.message_id = message.id GROUP BY message.id"
    )
    with installation.records.open() as connection:
        decided = dict(connection.execute(query).fetchall())
    delays = {name: decided[name] - at for name, at in wrote.items() if name in decided}
    others = sorted(delay for name, delay in delays.items() if _person(name) is not None)
    late = others[int(len(others) * 0.95)] if others else 0.0
    table.promise(
        "customers' mails recorded within (95th percentile)",
        f"{late:.1f} s",
        late < _RECORDED_WITHIN,
        f"< {_RECORDED_WITHIN} s",
    )
    table.fact("anybody's mails recorded after (median, longest)", _spread([*delays.values()]))


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.flood")
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--varied", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_given())))
