"""IMAP sessions without a server: what the server says is the input, whatever we ask.

A session is the bytes of a whole conversation, one answer after the other. The client numbers its
commands `B0`, `B1` … in each of them.
"""

import io
import random
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from maildaemon.adapters import imap_login
from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapLimits, ImapServer
from maildaemon.adapters.imap_wire import Wire
from maildaemon.errors import MaildaemonError
from maildaemon.ports import Fetched, FolderName, FolderState, Listed
from tests.servers.scripted_imap import CAPABILITIES, ScriptedImap

_LIMITS = ImapLimits(connect=5, answer=5, command=10, max_message=2**20)
_TAGS = 1  # which the library writes as B
_AFTER = 3
_HIGHEST = 2**32 - 1
_MAILS = {
    1: b"Subject: one\r\n\r\nbody\r\n",
    4: b"Subject: four\r\nMessage-ID: <a@b>\r\n\r\n" + b"line\r\n" * 40,
    5: b"Subject: =?utf-8?q?f=C3=BCnf?=\r\n\r\n)\r\nB6 OK not the end\r\n",
    7: b"",
}

Shape = tuple[object, ...]


class _Replay:
    """A connection on which everything has been said already, and nobody listens."""

    def __init__(self, said: bytes) -> None:
        self._said = io.BytesIO(said)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._said)

    def recv(self, size: int) -> bytes:
        return self._said.read(size)

    def sendall(self, data: bytes) -> None:
        """Nobody listens."""

    def settimeout(self, seconds: float | None) -> None:
        """Nothing is waited for."""

    def gettimeout(self) -> float:
        return 5

    def setblocking(self, blocking: bool) -> None:
        """Nothing is waited for."""

    def shutdown(self, how: int) -> None:
        """There is no other side."""

    def close(self) -> None:
        """There is no other side."""


def check_session(raw: bytes) -> tuple[list[str], Shape]:
    """Return what is wrong with what a mailbox says after this conversation, and its shape."""
    connections = iter([_Replay(raw)])

    def dial(*_: object) -> _Replay:
        for connection in connections:
            return connection
        raise ConnectionRefusedError

    server = ImapServer("imap.example", 993, "none", "support", lambda: "secret")
    mailbox = ImapMailbox(server, limits=_LIMITS)
    flaws: list[str] = []
    shape: list[object] = []
    with (
        patch.object(imap_login, "dial", dial),
        patch.object(random, "randint", lambda *_: _TAGS),
    ):
        for name, ask in _QUESTIONS.items():
            try:
                answer = ask(mailbox)
            except MaildaemonError as error:
                shape.append((name, type(error).__name__, re.sub(r"\d+", "0", str(error))[:40]))
                if not str(error).isprintable():
                    flaws.append(f"{name}: an error of several lines: {str(error)[:200]!r}")
                break
            shape.append((name, len(answer)))
            flaws += (f"{name}: {flaw}" for flaw in _flaws(answer))
        mailbox.close()
    return flaws, tuple(shape)


_QUESTIONS: dict[str, Callable[[ImapMailbox], list[Any]]] = {
    "folders": lambda mailbox: [*mailbox.folders()],
    "examine": lambda mailbox: [mailbox.examine("INBOX")],
    "list": lambda mailbox: [*mailbox.list_after("INBOX", _AFTER)],
    "fetch": lambda mailbox: [*mailbox.fetch("INBOX", [4, 5, 7])],
    "headers": lambda mailbox: [*mailbox.fetch_headers("INBOX", [4, 5])],
    "flags": lambda mailbox: [*mailbox.flags("INBOX", [4, 5], None).items()],
}


def _flaws(answers: list[Any]) -> Iterator[str]:
    seen: set[int] = set()
    for answer in answers:
        match answer:
            case FolderName():
                if not answer.name or re.search(r"[\r\n\0]", answer.name):
                    yield f"a folder called {answer.name[:100]!r}"
            case FolderState():
                if not 0 < answer.uidvalidity <= _HIGHEST or answer.messages < 0:
                    yield f"a state that is none: {answer}"
            case Listed() | Fetched():
                if answer.uid in seen:
                    yield "a message twice"
                seen.add(answer.uid)
                yield from _flaws_of_message(answer)
            case (int() as uid, flags):
                if uid not in {4, 5} or not all(isinstance(one, str) for one in flags):
                    yield f"flags of what was not asked for: {uid}"
            case _:
                yield f"an answer that is none: {answer!r}"


def _flaws_of_message(answer: Listed | Fetched) -> Iterator[str]:
    if isinstance(answer, Fetched):
        if answer.uid not in {4, 5, 7}:
            yield "a message that was not asked for"
        return
    if not _AFTER < answer.uid <= _HIGHEST or answer.size < 0:
        yield f"listed what was not asked for: {answer.uid}, {answer.size} bytes"
    if answer.internal_date is not None and answer.internal_date.tzinfo is None:
        yield "a date of no time zone"


def sessions() -> list[bytes]:
    """Return what a server says to all the questions, in the dialects of several."""
    dialects = (
        CAPABILITIES,
        "IMAP4rev1",
        "IMAP4rev1 AUTH=PLAIN ID SPECIAL-USE",
        "IMAP4rev1 IDLE LITERAL+ CONDSTORE",
        "IMAP4rev2 MOVE UIDPLUS NAMESPACE",
        "IMAP4rev1 LOGINDISABLED",
        "IMAP4rev1 X-GM-EXT-1",
    )
    return [_recorded(one) for one in dialects]


def _recorded(capabilities: str) -> bytes:
    """Return what a scripted server says to all the questions."""
    heard: list[bytes] = []

    class Listening(Wire):
        def read(self, size: int) -> bytes:
            heard.append(super().read(size))
            return heard[-1]

        def readline(self) -> bytes:
            heard.append(super().readline())
            return heard[-1]

    with (
        ScriptedImap(messages=_MAILS, capabilities=capabilities) as server,
        patch("maildaemon.adapters.imap_wire.Wire", Listening),
        patch.object(random, "randint", lambda *_: _TAGS),
    ):
        there = ImapServer("127.0.0.1", server.port, "none", "support", lambda: "secret")
        mailbox = ImapMailbox(there, limits=_LIMITS)
        for ask in _QUESTIONS.values():
            try:
                ask(mailbox)
            except MaildaemonError:
                break
        mailbox.close()
    return b"".join(heard)
