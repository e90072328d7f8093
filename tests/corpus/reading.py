"""Reads corpora as the daemon would: by the worker with its limits, judged as `explain` does."""

import os
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import text

from maildaemon.adapters.sql.reading import ScratchStore
from maildaemon.adapters.worker import ProcessParser
from maildaemon.cli.bench import Bench, open_bench
from maildaemon.cli.explain import arrived_at
from maildaemon.cli.explanation import as_object
from maildaemon.cli.invocation import Invocation
from maildaemon.domain import reading as wanted
from maildaemon.domain.message import Message, Parsed
from maildaemon.domain.policy import Mode
from maildaemon.services.explain import Arrival, Correspondence, Explanation
from tests.corpus.loading import Member

_WRITTEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
CRASHES = frozenset({"parser_died", "parser_timeout", "parse_failed"})


class WatchedParser(ProcessParser):
    """The parser of the daemon, watched: how long a message took and what it did to the process.

    `seconds` by the clock, `cpu` seconds of the processor and `memory` (the peak of the process, in
    bytes) are those of the last message;
    `deaths` are the exit statuses of processes that ended by themselves.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = self.cpu = 0.0
        self.memory = 0
        self.deaths: list[int] = []
        self.contents: dict[str, bytes] = {}

    def parse(self, raw: bytes, reading: wanted.Reading) -> Parsed:
        with self._lock:
            self._ready_child()
        pid = self._pid()
        cpu = _cpu(pid)
        _forget_the_peak(pid)
        began = time.perf_counter()
        parsed = super().parse(raw, reading)
        self.seconds = time.perf_counter() - began
        same = self._child is not None and self._pid() == pid
        self.cpu = _cpu(pid) - cpu if same else self.seconds
        self.memory = _peak(self._pid()) if self._child is not None else 0
        self.contents = dict(parsed.contents)
        return parsed

    def _end_child(self) -> int | None:
        ended = self._child._process.poll() if self._child is not None else None
        if ended is not None:
            self.deaths.append(ended)
        return super()._end_child()

    def _pid(self) -> int:
        return self._child._process.pid if self._child is not None else 0


def _forget_the_peak(pid: int) -> None:
    with suppress(FileNotFoundError):  # it has died since; that is told elsewhere
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _cpu(pid: int) -> float:
    """Return the processor time that a process has used; of one that has gone, none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")),
        0,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one message: what `explain --json` prints, the files, and the cost."""

    name: str
    told: dict[str, Any]
    explanation: Explanation
    contents: dict[str, bytes]
    seconds: float
    memory: int
    died: bool

    @property
    def message(self) -> Message:
        return self.explanation.message

    @property
    def crashed(self) -> bool:
        return self.died or bool(CRASHES & {*self.message.defects})


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order of arrival. `threads` says by Message-ID where each stands at the end, and
    `links` with which other thread one of them is linked, because a stranger does not get in.
    """

    readings: tuple[Reading, ...]
    threads: dict[str, int | None]
    links: dict[int, int]


class Reader:
    """Reads single messages, each beside an empty database, and conversations."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._parser = WatchedParser()
            stack.callback(self._parser.close)
            # Any file stands for "no configuration": the machine's own must not matter.
            self._bench = stack.enter_context(open_bench(_Nobody(None), None, in_order=True))
            self._opened = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def read(self, name: str, raw: bytes) -> Reading:
        """Return what becomes of a message that stands alone."""
        [reading] = self.converse([(name, raw)]).readings
        return reading

    def converse(self, members: Iterable[Member]) -> Conversation:
        """Return what becomes of messages that arrive in this order beside an empty database."""
        store = ScratchStore()
        try:
            with store.begin() as tx:
                mailbox_id = tx.mailboxes.ensure("support").mailbox_id
            letters = Correspondence(store, all_take_part=True)
            bench = replace(self._bench, judge=letters.add)
            arrived = [self._judge(bench, mailbox_id, *member) for member in members]
            readings = tuple(_settled(letters, one) for one in arrived)
            return Conversation(readings, *_threads(store))
        finally:
            store.close()

    def _judge(self, bench: Bench, mailbox_id: int, name: str, raw: bytes) -> Reading:
        deaths = len(self._parser.deaths)
        desk, message = bench.read(self._parser, raw)
        received = arrived_at(message) or _WRITTEN
        arrival = Arrival(received, received)
        explanation = bench.judge(name, replace(desk, mailbox_id=mailbox_id), message, arrival)
        return Reading(
            name,
            as_object(name, explanation, Mode.LIVE),
            explanation,
            self._parser.contents,
            self._parser.seconds,
            self._parser.memory,
            len(self._parser.deaths) > deaths,
        )


def _settled(letters: Correspondence, one: Reading) -> Reading:
    explanation = letters.settled(one.explanation)
    return replace(one, told=as_object(one.name, explanation, Mode.LIVE), explanation=explanation)


class _Nobody(Invocation):
    def find_config(self) -> Path | None:
        return None


def _threads(store: ScratchStore) -> tuple[dict[str, int | None], dict[int, int]]:
    """Return the thread of each message, and the links, as they stand when all have arrived."""
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT message_id, thread_id FROM message"))
        threads = {row.message_id: row.thread_id for row in rows}
        rows = connection.execute(text("SELECT id, linked_to FROM thread WHERE linked_to > 0"))
        return threads, {row.id: row.linked_to for row in rows}
