"""One run: a mailbox delivered to a real Dovecot, downloaded, parsed, and ingested by the program."""

import hashlib
import json
import shutil
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.alone import read_spool
from benchmarks.judge import Verdict, judge
from benchmarks.mailbox import SUPPORT, Letter, Truth, write_mailbox
from benchmarks.peer import NAME, installed_peer
from benchmarks.processes import Cpu, Sampler, cpu_of, pss_of
from tests.campaigns.installation import ROOT, Installation, installed
from tests.servers.postgres import Postgres
from tests.servers.process import HOST, wait_until
from tests.servers.sink import SmtpSink

_LOOK_EVERY = 0.05
_SECONDS_A_MESSAGE = 1.0


@dataclass(frozen=True, slots=True)
class Ingest:
    """What the daemon took; `seconds` from the start of `run` until the last record stood,
    `answered` until the last acknowledgement was accepted. Memory is in bytes.
    """

    seconds: float
    answered: float
    cpu: Cpu
    peak: int
    idle: int


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was measured at one mailbox. What stands alone is {seconds, cpu, messages}."""

    sizes: Sequence[int]
    download: dict[str, float]
    parse: dict[str, float]
    ingest: Ingest
    stages: dict[str, float]
    statements: dict[str, int]
    verdict: Verdict
    options: dict[str, str]
    peer: dict[str, float] | None = None


def measure(
    messages: int,
    seed: int,
    say: Callable[[str], None],
    *,
    postgresql: bool = False,
    peer: bool = False,
) -> Run:
    """Make the mailbox and measure once, on SQLite or on a PostgreSQL of its own. `peer`: another
    program has the mailbox afterwards, which it leaves empty.
    """
    other = installed_peer(say) if peer else None
    with ExitStack() as stack:
        installation, sink = stack.enter_context(installed("bench", files_sent=False))
        url, url_of_stages = f"sqlite:///{installation.records.path}", None
        if postgresql:
            database = stack.enter_context(Postgres(durable=True))
            url, url_of_stages = (database.url(database.empty()) for _ in range(2))
            installation.change("database.url", url)
            url = url.replace("postgresql:", "postgresql+psycopg:")
        first_start(installation, url)
        say(f"delivering {messages} messages")
        sizes, truths = deliver(installation, written_now(seed, messages))
        spool = installation.folder / "spool"
        server = installation.account.server
        login = (str(server.imaps_port), SUPPORT, server.password, str(server.ca_file))
        say("downloading, parsing alone")
        download = run_module(installation, "benchmarks.alone", "download", *login, str(spool))
        parse = run_module(installation, "benchmarks.alone", "parse", str(spool))
        say("the stages, one by one")
        apart = _stages(installation, messages, url_of_stages)
        say("ingesting")
        ingest = _ingest(installation, sink, url, truths)
        sha256s = [hashlib.sha256(raw).hexdigest() for raw in read_spool(spool)]
        verdict = judge(url, sha256s, truths, sink.accepted())
        installation.keep = bool(verdict.wrong)
        if other:
            say(f"{NAME} has its turn")
        return Run(
            sizes=sizes,
            download=download,
            parse=parse,
            ingest=ingest,
            stages=apart["seconds"],
            statements=apart["statements"],
            verdict=verdict,
            options=installation.changes | ({"database.url": "postgresql"} if postgresql else {}),
            peer=_peer(installation, other, login) if other else None,
        )


def first_start(installation: Installation, url: str) -> None:
    """Let the daemon see the mailbox empty: whatever is delivered while it is off is live mail."""
    installation.start()
    installation.wait_begun()
    engine = create_engine(url)
    started = "SELECT count(*) FROM mailbox WHERE started_at IS NOT NULL"
    wait_until(lambda: number(engine, started) == 1, 60, "the first start has been made")
    engine.dispose()
    installation.stop()


def written_now(seed: int, messages: int) -> Iterator[Letter]:
    """Yield a mailbox whose last message is written now."""
    return write_mailbox(seed, messages, datetime.now(UTC).replace(microsecond=0))


def deliver(installation: Installation, letters: Iterable[Letter]) -> tuple[list[int], list[Truth]]:
    """Hand messages to LMTP; return how large they are, and the truth about them."""
    sizes, truths = [], []
    with smtplib.LMTP(HOST, installation.account.server.lmtp_port, timeout=60) as lmtp:
        for letter in letters:
            lmtp.sendmail(letter.reverse_path, [SUPPORT], letter.raw)
            sizes.append(len(letter.raw))
            truths.append(letter.truth)
    return sizes, truths


def _peer(installation: Installation, python: Path, login: Sequence[str]) -> dict[str, float]:
    port, user, password, _ = login
    folder = installation.folder / "peer"
    script = ROOT / "benchmarks" / "django_peer.py"
    # -P: modules beside the script are none of its own.
    command: list[str | Path] = [python, "-P", script, port, user, password, folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _stages(installation: Installation, messages: int, url: str | None) -> Any:
    """Measure with a database of its own; nothing is sent."""
    folder = installation.folder / "stages"
    folder.mkdir()
    config = folder / installation.config.name
    written = installation.config.read_text("utf-8")
    if url is not None:
        written = written.replace(installation.changes["database.url"], url)
    config.write_text(written, "utf-8")
    found = run_module(installation, "benchmarks.stages", str(config), str(messages))
    shutil.rmtree(folder)
    return found


def _ingest(
    installation: Installation, sink: SmtpSink, url: str, truths: Sequence[Truth]
) -> Ingest:
    messages, due = len(truths), len({one.person for one in truths if one.acknowledged})
    engine = create_engine(url)
    concluded = "SELECT count(*) FROM inbound WHERE state <> 'waiting'"
    patience = 60 + messages * _SECONDS_A_MESSAGE
    began = time.perf_counter()
    installation.start()
    sampler = Sampler(installation.pid)
    sampler.start()
    wait(installation, patience, lambda: number(engine, concluded) >= messages)
    seconds, cpu = time.perf_counter() - began, cpu_of(installation.pid)
    sink.wait_accepted(due, patience)
    answered = time.perf_counter() - began
    queued = "SELECT count(*) FROM outbox WHERE state = 'queued'"
    wait(installation, patience, lambda: number(engine, queued) == 0)
    # Nothing is under way any more; what was needed for it may be given back.
    threading.Event().wait(2)
    peak, idle = sampler.end(), pss_of(installation.pid)
    engine.dispose()
    installation.stop()
    return Ingest(seconds, answered, cpu, peak, idle)


def wait(installation: Installation, seconds: float, happened: Callable[[], bool]) -> None:
    """Look now and then: looking costs the daemon time, too."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not happened():
        installation.check_alive()
        assert time.monotonic() < deadline, f"not done within {seconds:.0f} s"
        pause.wait(_LOOK_EVERY)


def number(engine: Engine, query: str) -> int:
    """Return the one number that a query asks for; 0 for NULL."""
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def run_module(installation: Installation, module: str, *arguments: str) -> Any:
    """Run a module in a process of its own and return what it prints as JSON."""
    log = Path(installation.folder / f"{module}.log")
    with log.open("wb") as errors:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env={**installation.environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
    assert done.returncode == 0, f"{module} failed:\n{log.read_text()[-3000:]}"
    return json.loads(done.stdout)
