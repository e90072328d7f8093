"""A whole installation, as an operator makes it: `init`, a few changed lines, `run`."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.campaigns.mails import SUPPORT
from tests.campaigns.records import Records, ServerRecords
from tests.servers.dovecot import Account, Dovecot
from tests.servers.process import wait_until
from tests.servers.sink import SentFolder, SmtpSink
from tests.system.ready import Begun, ready

ROOT = Path(__file__).parents[2]
_PROGRAM = (sys.executable, "-m", "maildaemon")
_LONGEST = 60
_ENDS_WITHIN = 30


@contextlib.contextmanager
def installed(
    name: str,
    make_sink: Callable[..., SmtpSink] = SmtpSink,
    *,
    files_sent: bool = True,
    **options: Any,
) -> Iterator[tuple["Installation", SmtpSink]]:
    """Give a real Dovecot, an SMTP server that keeps a log, and an installation between them.

    What a broken campaign leaves behind is kept for whoever looks into it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"campaign-{name}-"))
    with contextlib.ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot())
        sink = make_sink(
            folder / "accepted.jsonl",
            security="tls",
            certificate=(dovecot.ca_file, dovecot.key_file),
            require_auth=True,
            files_sent=SentFolder(dovecot.imap_port, SUPPORT) if files_sent else None,
            **options,
        )
        stack.enter_context(sink)
        installation = Installation(folder, dovecot, sink)
        stack.callback(installation.clean_up)
        yield installation, sink
    if not installation.keep:
        shutil.rmtree(folder)


class DaemonDiedError(AssertionError):
    """The daemon ended by itself, which it never may."""


class Installation:
    """One folder with a configuration and a database; the daemon may come and go."""

    # Whether the program has been loaded before a command is given, as short runs have it.
    loaded: ClassVar[bool] = False

    def __init__(
        self, folder: Path, dovecot: Dovecot, sink: SmtpSink, address: str = SUPPORT
    ) -> None:
        self.folder = folder
        self.account: Account = dovecot.account(address)
        self.config = folder / "maildaemon.yaml"
        self.log = folder / "daemon.log"
        self._log_begins_at = 0
        self.keep = False
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SUPPORT_PASSWORD": dovecot.password,
        }
        self._process: subprocess.Popen[bytes] | Begun | None = None
        # Besides host, port and password variable, which `init` itself writes.
        self.changes = {
            "service.mode": "live",
            "limits.per_mailbox": "100000 in 1 hour",
            "mailboxes.0.imap.ca_file": str(dovecot.ca_file),
            "mailboxes.0.smtp.ca_file": str(dovecot.ca_file),
        }
        self._make_config(
            *("--address", address, "--password-env", "SUPPORT_PASSWORD"),
            *("--imap-host", f"localhost:{dovecot.imaps_port}"),
            *("--smtp-host", f"localhost:{sink.port}"),
        )
        self.records: Records = Records(folder / "var" / "maildaemon.db")

    def _make_config(self, *given: str) -> None:
        self.init = f"maildaemon init {' '.join(given)}"
        self.call("init", *given)
        written = yaml.load(self.config.read_text("utf-8"), yaml.BaseLoader)
        for path, value in self.changes.items():
            _set(written, path, value)
        self.config.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")

    def keep_records_on(self, url: str) -> None:
        """Let the records be on a server from the beginning."""
        self.change("database.url", url)
        self.records = ServerRecords(url)

    def change(self, path: str, value: Any) -> None:
        """Set one more option, by a path such as `database.url`."""
        self.changes[path] = value
        written = yaml.load(self.config.read_text("utf-8"), yaml.BaseLoader)
        _set(written, path, value)
        self.config.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")

    def call(self, *arguments: str) -> str:
        """Run one command of the program to its end and return what it printed."""
        code, out, err = self.run(*arguments)
        if code:
            raise AssertionError(
                f"`maildaemon {' '.join(arguments)}` ended with {code}:\n{err.decode()}"
            )
        return out.decode()

    def run(self, *arguments: str) -> tuple[int, bytes, bytes]:
        """Run one command of the program; return its exit code and what it wrote."""
        words = ["--config", str(self.config), *arguments]
        if self.loaded:
            return ready().run(words, Path.cwd(), self._environment, _LONGEST)
        done = subprocess.run(
            [*_PROGRAM, *words], env=self._environment, capture_output=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def listing(self, *arguments: str) -> list[dict[str, Any]]:
        """Return what a command lists as JSON Lines."""
        return [json.loads(line) for line in self.call(*arguments, "--json").splitlines()]

    def start(self) -> None:
        """Start the daemon; return at once."""
        self.begin("run")

    def begin(self, *arguments: str) -> None:
        """Start a command that takes long (in the daemon's place); return at once."""
        self._log_begins_at = self.log.stat().st_size if self.log.exists() else 0
        words = ["--config", str(self.config), *arguments]
        with self.log.open("ab") as log:
            if self.loaded:
                self._process = ready().begin(words, Path.cwd(), self._environment, log)
                return
            self._process = subprocess.Popen(
                [*_PROGRAM, *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # When the group of a shell that has ended loses its last, whoever is frozen wakes.
                start_new_session=True,
            )

    def wait_ended(self, timeout: float) -> int:
        """Wait for the end of what `begin` started; return its exit code."""
        assert self._process is not None
        code = self._process.wait(timeout)
        self._process = None
        return code

    def has_logged(self, words: str) -> bool:
        """Tell whether what was started last has said this."""
        with self.log.open("rb") as log:
            log.seek(self._log_begins_at)
            return words.encode() in log.read()

    @property
    def is_up(self) -> bool:
        """Tell whether the daemon that was started last has come so far as to work."""
        return self.has_logged("daemon.started")

    @property
    def environment(self) -> Mapping[str, str]:
        """What the program is started with: among it the password."""
        return self._environment

    def set_variable(self, name: str, value: str) -> None:
        """Have the program started with this in its environment."""
        self._environment[name] = value

    @property
    def runs(self) -> bool:
        """Tell whether the daemon is there."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        """Send the daemon a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        """The number of the daemon's process."""
        assert self._process is not None
        return self._process.pid

    def check_alive(self) -> None:
        """Raise DaemonDiedError, with the end of the log, if the daemon is gone by itself."""
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            tail = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-20:])
            raise DaemonDiedError(f"the daemon ended by itself with {code}:\n{tail}")

    def kill(self) -> int:
        """Kill the daemon alone with SIGKILL; return how many of its children outlived it."""
        assert self._process is not None
        self.check_alive()
        # A child is told apart from a later process with its number by when it began.
        children = [(pid, _born(pid)) for pid in descendants(self._process.pid)]
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        try:
            wait_until(lambda: not any(map(_is, children)), 5, "the daemon's children are gone")
        except AssertionError:
            return sum(map(_is, children))
        return 0

    def stop(self) -> None:
        """End the daemon as systemd does, and see that it goes."""
        if self._process is None:
            return
        self.check_alive()
        self._process.terminate()
        try:
            code = self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"SIGTERM did not end the daemon in {_ENDS_WITHIN} s") from None
        assert code == 0, f"after SIGTERM the daemon ended with {code}"
        self._process = None

    def clean_up(self) -> None:
        """Leave nothing running, whatever happened."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def wait_begun(self, timeout: float = 120) -> None:
        """Wait until this life's loops run."""

        def begun() -> bool:
            self.check_alive()
            return self.is_up

        wait_until(begun, timeout, "the daemon has begun")

    def wait_started(self, timeout: float = 60) -> None:
        """Wait until the first start has set the cursors: what arrives from now on counts."""

        def started() -> bool:
            self.check_alive()
            return self.records.started()

        wait_until(started, timeout, "the daemon has started and read the mailbox")

    def wait_done(
        self, timeout: float, also: Callable[[], bool] = lambda: True, *, still: float = 2
    ) -> None:
        """Wait until the queues are empty, and are empty `still` seconds later.

        Copies for Sent are not waited for: as long as the daemon does not know whether the server
        files them, it leaves the server a minute. `also` is what must be true besides: empty
        queues alone are no proof that mail was seen.
        """

        def done() -> bool:
            self.check_alive()
            return self.records.left().nothing_but_copies and also()

        def stays() -> bool:
            if not done():
                return False
            threading.Event().wait(still)
            return done()

        wait_until(stays, timeout, "the queues are empty")


def _set(tree: Any, path: str, value: Any) -> None:
    """Set `mailboxes.0.imap.host` and the like; blocks that are missing are made."""
    *way, last = path.split(".")
    for step in way:
        if isinstance(tree, list):
            tree = tree[int(step)]
            continue
        if not isinstance(tree.get(step), dict | list):
            tree[step] = {}
        tree = tree[step]
    tree[last] = value


def descendants(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started, and theirs."""
    for child, parent in _parents().items():
        if parent == pid:
            yield child
            yield from descendants(child)


def _parents() -> Mapping[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            found[int(entry.name)] = int(fields[1])
    return found


def _is(child: tuple[int, str]) -> bool:
    return bool(child[1]) and _born(child[0]) == child[1]


def _born(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; empty if it is gone."""
    fields = _stat(pid)
    return "" if not fields or fields[0] == "Z" else fields[19]


def _stat(pid: int) -> list[str]:
    try:
        # The name in brackets may hold spaces; what follows it does not.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
