"""What the daemon computes while it ingests a mailbox, as a sampling profiler sees it: py-spy, in a
virtual environment of its own.

python -m benchmarks.profile [--messages 2000] [--seed 1] [--write]
"""

import argparse
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine

from benchmarks.elsewhere import installed_elsewhere
from benchmarks.ingest import deliver, first_start, number, wait, written_now
from benchmarks.processes import Cpu, cpu_of
from benchmarks.table import conclude, load_average, say
from tests.campaigns.installation import installed
from tests.campaigns.table import machine

_A_SECOND = 250
# Whose work it is: the first that is found from the outermost frame inwards.
_LOOPS = {
    "receive": ("Steps.receive", "services/receive.py"),
    "process": ("Steps.process", "services/process.py"),
    "deliver, settle": (
        "Steps.settle",
        "deliver_next",
        "services/deliver.py",
        "services/outgoing.py",
    ),
    "others": ("Steps.", "services/"),
    "event loop": ("run_forever",),
    "start": ("importlib",),
}
# What for: the first that is found from the innermost frame outwards.
_WORK = {
    "SQL": ("sqlalchemy/", "adapters/sql/", "sqlite3/"),
    "IMAP": ("imapclient/", "imaplib.py", "adapters/imap"),
    "SMTP": ("aiosmtplib/", "adapters/smtp"),
    "exchange with the worker": (
        "adapters/worker",
        "adapters/parse_ahead",
        "json/",
        "adapters/supervisor",
    ),
    "decide": ("maildaemon/domain/",),
    "compose": ("maildaemon/mail/", "adapters/templates", "adapters/timed_values"),
    "files": ("adapters/blobs", "adapters/memory", "pathlib.py"),
    "log": ("adapters/log", "logging/"),
    "services": ("maildaemon/services/",),
    "start": ("importlib", "maildaemon/settings/", "maildaemon/cli/"),
    "event loop, threads": ("asyncio/", "concurrent/", "threading.py", "selectors.py", "queue.py"),
}
_REST = "not known"


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples by work and loop; what the daemon and its worker took meanwhile in seconds."""

    samples: Counter[tuple[str, str]]
    messages: int
    seconds: float
    cpu: Cpu


def measure(messages: int, seed: int) -> Profile:
    """Ingest a mailbox while py-spy looks on."""
    spy = installed_elsewhere("py-spy", "profile", say) / "py-spy"
    with installed("profile", files_sent=False) as (installation, _):
        url = f"sqlite:///{installation.records.path}"
        first_start(installation, url)
        say(f"delivering {messages} messages")
        deliver(installation, written_now(seed, messages))
        say("ingesting")
        engine, stacks = create_engine(url), installation.folder / "stacks"
        began = time.perf_counter()
        installation.start()
        # Only who computes is counted, and the daemon is not halted for it.
        look = ("record", "--nonblocking", "--gil", "--format", "raw", "--rate", str(_A_SECOND))
        who = ("--pid", str(installation.pid), "--output", stacks)
        with subprocess.Popen(
            [spy, *look, *who], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as looking:
            try:
                concluded = "SELECT count(*) FROM inbound WHERE state <> 'waiting'"
                wait(installation, 60 + messages, lambda: number(engine, concluded) >= messages)
                seconds, cpu = time.perf_counter() - began, cpu_of(installation.pid)
            finally:
                looking.send_signal(signal.SIGINT)  # else it waits for the daemon's end
        engine.dispose()
        installation.stop()
        return Profile(_read(stacks), messages, seconds, cpu)


def _read(stacks: Path) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in stacks.read_text("utf-8", errors="replace").splitlines():
        stack, _, count = line.rpartition(" ")
        # Of a stack that changed while it was read there may be anything.
        if not count.isdigit():
            continue
        frames = stack.split(";")
        found[_first(_WORK, reversed(frames)), _first(_LOOPS, iter(frames))] += int(count)
    return found


def _first(kinds: dict[str, tuple[str, ...]], frames: Iterator[str]) -> str:
    for frame in frames:
        for kind, marks in kinds.items():
            if any(mark in frame for mark in marks):
                return kind
    return _REST


def table(profile: Profile, command: str) -> str:
    """Return the table as Markdown: milliseconds of computing a message, by work and loop."""
    all_of_it = profile.samples.total()
    each = profile.cpu.daemon / profile.messages * 1000 / all_of_it
    loops = [one for one in (*_LOOPS, _REST) if any(loop == one for _, loop in profile.samples)]
    by_work = Counter[str]()
    for (work, _), count in profile.samples.items():
        by_work[work] += count
    rows = [
        (work, [profile.samples[work, one] for one in loops]) for work, _ in by_work.most_common()
    ]
    rows.append(("together", [sum(row[at] for _, row in rows) for at in range(len(loops))]))
    lines = [
        f"| {work} | {' | '.join(f'{it * each:.2f}' for it in (*row, sum(row)))} |"
        for work, row in rows
    ]
    return "\n".join(
        (
            f"`{command}`: {machine()}, load {load_average()}.",
            "",
            (
                f"{profile.messages} messages in {profile.seconds:.1f} s: {profile.cpu.daemon:.1f} s of "
                f"computing in the daemon, {profile.cpu.children:.1f} s in its worker beside it."
            ),
            "",
            f"| ms a message | {' | '.join((*loops, 'together'))} |",
            f"|---|{'---:|' * (len(loops) + 1)}",
            *lines,
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep the table in the repository")
    given = parser.parse_args()
    found = measure(given.messages, given.seed)
    written = table(found, " ".join((parser.prog, *sys.argv[1:])))
    return conclude("profile", written, keep=given.write)


if __name__ == "__main__":
    sys.exit(main())
