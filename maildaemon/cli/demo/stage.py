"""The stage of the demonstration: servers, a configuration, and the real daemon on them.

Everything lives in one temporary folder and on loopback, and is gone when the `with` block ends.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from imaplib import IMAP4, Time2Internaldate
from pathlib import Path
from smtplib import SMTP
from types import FrameType
from typing import Any, TypeVar

from maildaemon.adapters.sandbox import HOST, Collected, Sandbox
from maildaemon.cli.demo.letters import ADDRESS, SHOP, Letter
from maildaemon.settings import minimal, password_variable

_PATIENCE_SECONDS = 20.0
_FOLDER_PREFIX = "maildaemon-demo-"

Answer = TypeVar("Answer")


class DemoError(Exception):
    """The demonstration cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A mail that the daemon sent: who gets it, and what it says."""

    recipient: str
    raw: bytes
    mail: EmailMessage

    @property
    def answers(self) -> str:
        """Return the Message-ID of the mail that it answers, without brackets."""
        return str(self.mail.get("In-Reply-To", "")).strip("<> ")

    @property
    def text(self) -> str:
        """Return what a person reads."""
        part = self.mail.get_body(("plain",))
        return str(part.get_content()) if part else ""


class Stage:
    """Where the play takes place. `lines` is what the daemon logged, `posted` what it sent."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `open_stage` lets it."""
        self.config = folder / "maildaemon.yaml"
        self.log = folder / "maildaemon.log"
        self.password = secrets.token_urlsafe(12)
        self.servers = Sandbox(ADDRESS, self.password, self._collect)
        self.lines: list[dict[str, Any]] = []
        self.posted: list[Posted] = []
        self._news = threading.Condition()
        self._ended = False
        self._process: subprocess.Popen[str] | None = None

    def start_daemon(self) -> None:
        """Run `maildaemon run` as a process of its own."""
        self._process = subprocess.Popen(  # noqa: S603  our own program, fixed arguments
            [sys.executable, "-m", "maildaemon", "--config", str(self.config), "run"],
            env={**os.environ, password_variable("support"): self.password},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C is for us; the daemon is told when it is its turn.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stdout,))
        self._reader.start()

    def end_daemon(self) -> int:
        """End the daemon in order, if need be by force; return its exit code (0 if it never ran).

        May be called again.
        """
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            # With it whatever it started.
            os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        return code

    def bring(self, letters: Iterable[Letter]) -> None:
        """Deliver letters in this order: by SMTP, or into Sent as a mail client files it."""
        # Only closed: interrupted in mid-dialogue, it would take the wrong reply for that to QUIT.
        with closing(SMTP(HOST, self.servers.smtp_port, "sender.example")) as smtp:
            for letter in letters:
                if letter.in_sent:
                    self._file(letter)
                else:
                    smtp.sendmail(letter.reverse_path, [ADDRESS], letter.raw, ["BODY=8BITMIME"])

    def wait_for(self, what: str, ask: Callable[[], Answer | None]) -> Answer:
        """Return what `ask` returns once it is not None. It is asked again whenever the daemon
        has logged or sent something; DemoError if that does not help in time.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with self._news:
            while (answer := ask()) is None:
                if self._ended:
                    raise DemoError(f"the daemon has ended before this came about: {what}")
                if not self._news.wait(deadline - time.monotonic()):
                    raise DemoError(f"not within {_PATIENCE_SECONDS:.0f} seconds: {what}")
        return answer

    def logged(self, event: str) -> bool | None:
        """Return True if the daemon has logged this event, else None."""
        return any(line["event"] == event for line in self.lines) or None

    def marked_as_read(self) -> int:
        """Return how many messages in the inbox are marked as read."""
        with self._mail_client() as imap:
            imap.select("INBOX", readonly=True)
            _, (found, *_) = imap.search(None, "SEEN")
        return len(found.split())

    def _file(self, letter: Letter) -> None:
        with self._mail_client() as imap:
            answer, _ = imap.append("Sent", "(\\Seen)", Time2Internaldate(time.time()), letter.raw)
        if answer != "OK":
            raise DemoError("the IMAP server did not take the mail for Sent")

    @contextmanager
    def _mail_client(self) -> Iterator[IMAP4]:
        imap = IMAP4(HOST, self.servers.imap_port)
        try:
            imap.login(ADDRESS, self.password)
            yield imap
        finally:
            imap.shutdown()

    def _collect(self, collected: Collected) -> None:
        mail = message_from_bytes(collected.raw, policy=policy.default)
        with self._news:
            self.posted.append(Posted(collected.recipient, collected.raw, mail))
            self._news.notify_all()

    def _read_log(self, output: Iterator[str]) -> None:
        with self.log.open("w", encoding="utf-8") as log:
            for line in output:
                log.write(line)
                with self._news:
                    self.lines.append(_parsed(line))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start the servers and the daemon; at the end nothing of it is left, whatever happened."""
    with ExitStack() as stack:
        interrupts = stack.enter_context(_interrupts())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX))
        stage = Stage(Path(folder))
        stack.enter_context(stage.servers)
        stage.config.write_text(write_config(stage.servers), encoding="utf-8")
        stack.callback(stage.end_daemon)
        stage.start_daemon()
        with interrupts.let_through():
            yield stage


def write_config(servers: Sandbox) -> str:
    """Return what `maildaemon init` writes, with the few lines that differ here."""
    text = minimal(ADDRESS, HOST, HOST, imap_port=servers.imap_port, smtp_port=servers.smtp_port)
    for before, after in (
        ("mode: shadow\n", "mode: live\n  log_format: json\n"),
        (f"address: {ADDRESS}\n", f"address: {ADDRESS}\n    display_name: {SHOP}\n"),
        (f"host: {HOST}", f"host: {HOST}, security: none"),
    ):
        text = text.replace(before, after)
    return text


def _parsed(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        # A warning of the interpreter, a traceback: nothing that the daemon meant to say.
        return {"level": "error", "event": line.rstrip()}


class _Interrupts:
    """Ctrl-C, SIGTERM and SIGHUP, held back while something is being set up or put away."""

    def __init__(self) -> None:
        self._held_back = True
        self._waiting = False

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._held_back:
            raise KeyboardInterrupt
        self._waiting = True

    @contextmanager
    def let_through(self) -> Iterator[None]:
        self._held_back = False
        try:
            if self._waiting:
                raise KeyboardInterrupt
            yield
        finally:
            self._held_back = True


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    numbers = [
        one
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        # Somebody (nohup) wants it to be ignored.
        if signal.getsignal(one) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, interrupts.receive) for number in numbers}
    try:
        yield interrupts
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier or signal.SIG_DFL)
