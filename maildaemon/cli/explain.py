"""`maildaemon explain`: what would become of a message, and why."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json
from maildaemon.cli.progress import show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant, is_plausible

if TYPE_CHECKING:
    from maildaemon.cli.bench import Bench
    from maildaemon.domain.message import Message
    from maildaemon.ports import Parser
    from maildaemon.services.desk import Desk
    from maildaemon.services.explain import Arrival, Explanation

_STDIN = "-"
_MANY = 20


@click.command(
    epilog=examples(
        "maildaemon explain message.eml",
        "maildaemon --config new.yaml explain *.eml        try a change beforehand",
        "maildaemon explain --thread first.eml second.eml  try threading on files",
        "maildaemon messages show 17 --raw | maildaemon explain -",
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@json_option
@click.option(
    "--thread",
    "in_order",
    is_flag=True,
    help="Take the files as arriving in this order, each knowing those before it, beside an empty "
    "database; their threads are called T1, T2, ….",
)
@click.option(
    "--received",
    type=Instant(),
    help="When it arrived. By default what its topmost Received says, else its Date.",
)
@click.option("--now", type=Instant(), help="When it is judged; by default when it arrived.")
@click.option(
    "--mailbox", metavar="NAME", help="Judge for this mailbox; by default the one it is sent to."
)
@click.option("--sent", is_flag=True, help="Take it as found in the folder of sent mail.")
@click.pass_obj
def explain(
    invocation: Invocation,
    *,
    files: tuple[str, ...],
    as_json: bool,
    in_order: bool,
    received: datetime | None,
    now: datetime | None,
    mailbox: str | None,
    sent: bool,
) -> int:
    """Show what would become of a message, and why.

    Reads message files (`-` is standard input) and says what they are, to which thread they
    belong, which files are welcome, and what the customer would be told, or the reason for
    silence. It judges as if the mode were live, by the same code as the daemon. It only reads:
    no network, no password, no running daemon is needed; without a database it assumes an empty
    one, without a configuration the defaults.
    """
    from maildaemon.adapters.worker import ProcessParser

    with ExitStack() as stack:
        parser = ProcessParser()
        stack.callback(parser.close)
        parser.start()  # it loads its libraries while we load ours

        from maildaemon.cli.bench import open_bench

        bench = stack.enter_context(open_bench(invocation, mailbox, in_order=in_order))
        task = _Task(bench, parser, received, now, sent=sent, as_json=as_json)
        explained = map(task.explain, _counted(files))
        # A later mail may show that two threads are one.
        readable = [one and task.put(one) for one in ([*explained] if in_order else explained)]
    return Exit.OK if all(readable) else Exit.NO_INPUT


def _counted(files: Sequence[str]) -> Iterator[str]:
    """Yield the files; where many go into a file or a pipe, tell how far it is."""
    if len(files) < _MANY or sys.stdout.isatty():
        yield from files
        return
    with show_progress("files") as progress:
        for done, file in enumerate(files):
            yield file
            progress("explained", done + 1, len(files))


@dataclass(frozen=True, slots=True)
class _Task:
    bench: "Bench"
    parser: "Parser"
    received: datetime | None
    now: datetime | None
    sent: bool
    as_json: bool

    def explain(self, file: str) -> "_Explained | None":
        """Return the explanation of one file; None if it cannot be read."""
        try:
            raw = _read(file)
        except OSError as error:
            advice = "; name the files in it" if isinstance(error, IsADirectoryError) else ""
            note(f"error: {file}: {(error.strerror or str(error)).lower()}{advice}")
            return None
        desk, message = self.bench.read(self.parser, raw)
        if "no_header" in message.defects:
            note(f"{file}: this is hardly a mail; save one with all its headers (.eml, “source”)")
        arrival = self._arrival(message)
        explanation = self.bench.judge(file, desk, message, arrival)
        return _Explained(file, desk, explanation, arrival)

    def _arrival(self, message: "Message") -> "Arrival":
        from maildaemon.ports import Role
        from maildaemon.services.explain import Arrival

        received = self.received or arrived_at(message) or self.now or datetime.now(UTC)
        role = Role.SENT if self.sent else Role.INBOX
        return Arrival(received, self.now or received, role)

    def put(self, one: "_Explained") -> bool:
        """Print an explanation; return True."""
        from maildaemon.cli.explanation import as_object, put_page

        desk, mail = one.desk, one.explanation.decision.mail
        explanation = self.bench.settled(one.explanation)
        mode = desk.policy.mode_of(mail.sections) if mail else desk.policy.mode
        if self.as_json:
            put_json(as_object(one.file, explanation, mode))
            return True
        text = self.bench.compose(desk, explanation, one.arrival.now)
        put_page(one.file, explanation, mode, received_at=one.arrival.received_at, mail=text)
        return True


@dataclass(frozen=True, slots=True)
class _Explained:
    file: str
    desk: "Desk"
    explanation: "Explanation"
    arrival: "Arrival"


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()


def arrived_at(message: "Message") -> datetime | None:
    """Return what the topmost Received says, else the Date; None if neither can be believed."""
    from maildaemon.mail.loose import parse_date

    received = message.field("received")[:1]
    # RFC 5322 §3.6.7: the date stands after the last semicolon.
    dates = (*(parse_date(one.rpartition(";")[2]) for one in received), message.date)
    return next((at for at in dates if at is not None and is_plausible(at)), None)
