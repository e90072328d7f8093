"""From the server's notice to the acknowledgement: how long a customer's mail stays unanswered.

Measured outside the daemon: a second IDLE connection sees `* n EXISTS`, the SMTP server's log says
when it accepted the acknowledgement. One mail at a time.

python -m tests.campaigns.latency --messages 50
"""

import argparse
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles

from tests.campaigns.installation import installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT, question
from tests.campaigns.table import Table, conclude
from tests.servers.process import HOST

_GIVE_UP_AFTER = 30


class Idler:
    """A second client in IDLE, on a bare socket: it notes when the server tells of a mail."""

    def __init__(self, connection: socket.socket, password: str) -> None:
        self._lines = connection.makefile("rb")
        self._connection = connection
        self._lines.readline()
        self._command(f"a LOGIN {SUPPORT} {password}", b"a OK")
        self._command("b EXAMINE INBOX", b"b OK")
        self._command("c IDLE", b"+")

    def _command(self, command: str, answer: bytes) -> None:
        self._connection.sendall(command.encode() + b"\r\n")
        while not (line := self._lines.readline()).startswith(answer):
            assert line, f"the server hung up after `{command}`"

    def wait_for(self, count: int) -> float:
        """Return the time (of the clock that the sink's log uses) at which it said `* n EXISTS`."""
        while line := self._lines.readline():
            at = time.time()
            if (told := re.fullmatch(rb"\* (\d+) EXISTS\r\n", line)) and int(told[1]) >= count:
                return at
        raise AssertionError("the server hung up during IDLE")


@contextmanager
def idling(port: int, password: str) -> Iterator[Idler]:
    """Give a second client of the support mailbox that waits for news."""
    with socket.create_connection((HOST, port), timeout=_GIVE_UP_AFTER) as connection:
        yield Idler(connection, password)


def campaign(messages: int, below: float = 1.0, say: Callable[[str], None] = print) -> Table:
    """Deliver mail after mail, each when the last one was acknowledged; return the figures.

    `below`: what no mail may take, in seconds.
    """
    with installed("latency") as (installation, sink):
        server = installation.account.server
        installation.start()
        installation.wait_started()
        seconds = []
        with idling(server.imap_port, server.password) as idler:
            for number in range(1, messages + 1):
                # Not in step with anything the daemon does every so often.
                threading.Event().wait(0.1 + number * 0.37 % 1.3)
                mail = question(number, f"person{number}@customer.example")
                installation.account.deliver(mail.raw, sender=mail.person)
                noticed = idler.wait_for(number)
                accepted = sink.wait_accepted(number, _GIVE_UP_AFTER)
                seconds.append(accepted[-1].at.timestamp() - noticed)
                say(f"{number}: {seconds[-1]:.3f} s")
        installation.stop()
        table = _judge(seconds, below)
        judge_log(table, installation)
    return table


def _judge(seconds: Sequence[float], below: float) -> Table:
    table = Table("latency: from the server's EXISTS to the acknowledgement accepted over SMTP")
    table.fact("mails, one by one", len(seconds))
    table.fact("the first one", f"{seconds[0]:.3f} s")
    table.fact("median", f"{median(seconds):.3f} s")
    table.fact("p99", f"{quantiles(seconds, n=100, method='inclusive')[98]:.3f} s")
    worst = max(seconds)
    table.promise("max", f"{worst:.3f} s", worst < below, f"below {below:g} s")
    return table


def _messages() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.latency")
    parser.add_argument("--messages", type=int, default=50)
    return int(parser.parse_args().messages)


if __name__ == "__main__":
    conclude(lambda: campaign(_messages()))
