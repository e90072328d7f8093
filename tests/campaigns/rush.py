"""500 customers write within one hour, under the limits as they are shipped.

The hour is compressed: with `--factor 60` it lasts a minute, and so do the limits (60 mails a minute
instead of an hour, 6 minutes of delay instead of 6 hours). The breaker's ten minutes are the only
span that cannot be compressed from outside; that its figures are never reached is shown with a clock
to move, in tests/service/test_brakes.py. The SMTP server's log is the judge.

python -m tests.campaigns.rush --customers 500 --factor 60
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import question
from tests.campaigns.table import Table, conclude
from tests.servers.sink import Accepted

_HOUR = timedelta(hours=1)
_LONGEST_DELAY = timedelta(hours=6)
_RATE = 60
_PAGER = """#!{python}
import json, os, sys
with open({out!r}, "a") as out:
    facts = json.loads(os.environ["MAILDAEMON_ALERT"])
    out.write(json.dumps({{**facts, "words": sys.stdin.read()}}) + "\\n")
"""


def campaign(customers: int, factor: float, say: Callable[[str], None] = print) -> Table:
    """Let so many customers write within an hour divided by the factor; return the figures."""
    hour, longest = _HOUR / factor, _LONGEST_DELAY / factor
    with installed("rush") as (installation, sink):
        told = _configure(installation, hour, longest)
        installation.start()
        installation.wait_started()
        wrote: dict[str, float] = {}
        begun = time.monotonic()
        for number in range(1, customers + 1):
            person = f"person{number}@customer{number}.example"
            due = begun + hour.total_seconds() * number / customers
            threading.Event().wait(max(0.0, due - time.monotonic()))
            wrote[person] = time.time()
            installation.account.deliver(question(number, person).raw, sender=person)
        lasted = time.monotonic() - begun
        say(f"{customers} customers wrote within {lasted:.0f} s; {len(sink.accepted())} answered")
        sink.wait_accepted(customers, longest.total_seconds() + 60)
        # A late one too many would come now.
        installation.wait_done(30)
        (status,) = installation.listing("status")
        installation.stop()
        table = Table(f"rush: {customers} customers in an hour, 1 hour = {lasted:.0f} s")
        _judge(table, wrote, sink.accepted(), longest, factor)
        table.none("brakes that are on", [one["brake"] for one in status["brakes"]])
        _judge_told(table, told)
        judge_log(table, installation)
    return table


def _configure(installation: Installation, hour: timedelta, longest: timedelta) -> Path:
    """Compress the limits, and let a command note what staff are told; return its notes."""
    command, told = make_pager(installation.folder)
    settings = yaml.load(installation.config.read_text("utf-8"), yaml.BaseLoader)
    settings["limits"] = {
        "per_mailbox": f"{_RATE} in {hour.total_seconds():.0f} seconds",
        "longest_delay": f"{longest.total_seconds():.0f} seconds",
    }
    settings["alerts"] = {"command": command}
    installation.config.write_text(yaml.safe_dump(settings), "utf-8")
    return told


def make_pager(folder: Path) -> tuple[list[str], Path]:
    """Return a command for alarms, and where it writes what it was told."""
    told, pager = folder / "told.jsonl", folder / "pager"
    pager.write_text(_PAGER.format(python=sys.executable, out=str(told)), "utf-8")
    pager.chmod(0o700)
    return [str(pager)], told


def read_told(told: Path) -> list[dict[str, Any]]:
    """Return what a pager was told."""
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    return [json.loads(line) for line in lines]


def _judge(
    table: Table,
    wrote: dict[str, float],
    accepted: list[Accepted],
    longest: timedelta,
    factor: float,
) -> None:
    got = Counter(mail.rcpt_to[0] for mail in accepted)
    delays = [
        mail.at.timestamp() - wrote[mail.rcpt_to[0]]
        for mail in accepted
        if mail.rcpt_to[0] in wrote
    ]
    table.fact("factor", f"{factor:g}")
    table.none("customers without an answer", wrote.keys() - got.keys())
    table.none("customers answered twice", [one for one, count in got.items() if count > 1])
    table.none("mails to somebody else", got.keys() - wrote.keys())
    most = timedelta(seconds=max(delays))
    limit = longest + timedelta(seconds=10)
    table.promise(
        "longest delay, in the shop's hours",
        f"{most * factor / _HOUR:.2f}",
        most <= limit,
        f"{_LONGEST_DELAY / _HOUR:g}, and 10 s of this clock",
    )
    late = sum(delay * factor > _HOUR.total_seconds() for delay in delays)
    table.fact("answered more than an hour later", late)


def _judge_told(table: Table, told: Path) -> None:
    alarms = read_told(told)
    events = Counter(one["event"] for one in alarms)
    table.promise("staff were told", dict(events), events == {"mail.late": 1}, "mail.late, once")
    for one in alarms:
        table.fact("in these words", one["words"].strip())


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.rush")
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--factor", type=float, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    given = _given()
    conclude(lambda: campaign(given.customers, given.factor))
