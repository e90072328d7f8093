"""A maildaemon as an operator has it: a folder, a configuration, and the real program."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.databases import sqlite_template
from tests.servers.dovecot import Account
from tests.servers.sink import SmtpSink
from tests.system.ready import Begun, ready

ROOT = Path(__file__).parents[2]

_PROGRAM = (sys.executable, "-m", "maildaemon")
_LONGEST = 60
_DATABASE = "database: {url: sqlite:///var/maildaemon.db}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Installation:
    """`maildaemon.yaml` in a folder; the password is in SUPPORT_PASSWORD."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {"SUPPORT_PASSWORD": "secret"})
    # Whether each command loads the program anew, as on an operator's machine.
    cold: bool = False

    @property
    def config(self) -> Path:
        return self.folder / "maildaemon.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "var"

    def call(self, *arguments: object, **environment: str) -> Outcome:
        """Run a command to its end in the folder of the configuration."""
        words, around = [*map(str, arguments)], self.environment_with(environment)
        if words[:1] == ["run"] or "--send" in words:
            self._make_tables()
        # What tells the interpreter something must be there when it starts.
        if not self.cold and not any(name.startswith("PYTHON") for name in environment):
            code, out, err = ready().run(words, self.folder, around, _LONGEST)
            return Outcome(code, out.decode(), err.decode())
        done = subprocess.run(
            [*_PROGRAM, *words],
            cwd=self.folder,
            env=around,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextmanager
    def running(self, **options: Any) -> Iterator["Begun | subprocess.Popen[bytes]"]:
        """Start the daemon, and kill it if the test does not end it; its log goes to `run.log`.

        With options for `Popen` it starts from nothing.
        """
        self._make_tables()
        around = self.environment_with({})
        process: Begun | subprocess.Popen[bytes]
        with (self.folder / "run.log").open("ab") as log:
            if options or self.cold:
                options = {"stdin": subprocess.DEVNULL, **options}
                words, folder = [*_PROGRAM, "run"], self.folder
                process = subprocess.Popen(
                    words, cwd=folder, env=around, stdout=log, stderr=log, **options
                )
            else:
                process = ready().begin(["run"], self.folder, around, log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(_LONGEST)

    def _make_tables(self) -> None:
        """Spare a daemon what takes it longest at its first start, unless it is about that."""
        if self.cold or self.data.exists() or not self.config.is_file():
            return
        if _DATABASE in self.config.read_text():
            self.data.mkdir(mode=0o700)
            shutil.copyfile(sqlite_template(), self.data / "maildaemon.db")
            (self.data / "maildaemon.db").chmod(0o600)

    @property
    def log(self) -> str:
        return (self.folder / "run.log").read_text()

    def environment_with(self, more: dict[str, str]) -> dict[str, str]:
        """Return the environment in which every command of a test runs."""
        kept = {key: value for key, value in os.environ.items() if key != "MAILDAEMON_CONFIG"}
        ours = {"TZ": "UTC", "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
        return {**kept, **ours, **self.environment, **more}


def end(process: "Begun | subprocess.Popen[bytes]", number: int = signal.SIGTERM) -> int:
    """Send a signal and return the exit code."""
    process.send_signal(number)
    return process.wait(_LONGEST)


def a_config(
    imap: dict[str, object], smtp: dict[str, object], *more: str, mode: str = "live"
) -> str:
    """Return a configuration; `more` are whole lines of the top level."""
    lines: Sequence[str] = (
        f"service: {{mode: {mode}}}",
        _DATABASE,
        "mailboxes:",
        "  - name: support",
        "    address: support@example.test",
        f"    imap: {_flow(imap)}",
        f"    smtp: {_flow(smtp)}",
        *more,
    )
    return "\n".join(lines) + "\n"


def imap_of(account: Account, **changed: object) -> dict[str, object]:
    """Return how this test's mailbox is reached."""
    server = account.server
    given = {
        "host": "localhost",
        "port": server.imap_port,
        "security": "starttls",
        "ca_file": server.ca_file,
        "username": account.user,
        "password": "{env: SUPPORT_PASSWORD}",
        "poll_every": "5 seconds",
    }
    return {**given, **changed}


def smtp_of(sink: SmtpSink, account: Account, **changed: object) -> dict[str, object]:
    """Return how this test's SMTP server (`tls_sink`) is reached."""
    given = {
        "host": "localhost",
        "port": sink.port,
        "security": "starttls",
        "ca_file": account.server.ca_file,
        "username": account.user,
        "password": "{env: SUPPORT_PASSWORD}",
    }
    return {**given, **changed}


def _flow(values: dict[str, object]) -> str:
    given = (f"{key}: {value}" for key, value in values.items() if value is not None)
    return "{" + ", ".join(given) + "}"


def a_letter(
    name: str,
    subject: str = "Where is my order?",
    text: str = "Good morning, my order has not arrived yet. Could you look into it, please?",
    *more: str,
) -> bytes:
    """Return a customer's mail; `name` makes its Message-ID, `more` are header lines."""
    lines = (
        "From: Anna Bianchi <anna@example.net>",
        "To: support@example.test",
        f"Subject: {subject}",
        f"Message-ID: <{name}@example.net>",
        *more,
        "",
        text,
        "",
    )
    return "\r\n".join(lines).encode()


A_FILE_IN_A_LETTER = """\
--b
Content-Type: text/plain

Please find the form attached.
--b
Content-Type: application/octet-stream; name="form.exe"
Content-Disposition: attachment; filename="form.exe"
Content-Transfer-Encoding: base64

TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA
--b--"""
