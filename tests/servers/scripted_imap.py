"""An IMAP server that answers like a simple, honest one, except where a test scripts it.

Every answer can be replaced by a function of the test; what the client said is kept.
"""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Self

from tests.servers.process import HOST

CAPABILITIES = "IMAP4rev1 IDLE LITERAL+ UIDPLUS MULTIAPPEND"


class Talk:
    """One connection, seen from the server."""

    def __init__(self, server: "ScriptedImap", connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self._buffer = b""
        self.tag = ""
        self.ended = server.ended

    def send(self, *lines: str | bytes) -> None:
        """Send whole lines."""
        self.send_raw(
            b"".join(
                (line.encode("latin-1") if isinstance(line, str) else line) + b"\r\n"
                for line in lines
            )
        )

    def send_raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def ok(self, text: str = "done") -> None:
        """Conclude the command."""
        self.send(f"{self.tag} OK {text}")

    def no(self, text: str) -> None:
        self.send(f"{self.tag} NO {text}")

    def line(self) -> str:
        """Return the client's next line; raises ConnectionError when it has hung up."""
        while b"\r\n" not in self._buffer:
            self._more()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def literal(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _more(self) -> None:
        if not (data := self.connection.recv(65536)):
            raise ConnectionError
        self._buffer += data

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionError

    def stay_silent(self) -> None:
        """Say nothing until the client hangs up."""
        while True:
            self.line()

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)


Answer = Callable[[Talk, str], None]


class ScriptedImap:
    """Serves one Inbox of `messages` (UID → bytes). `answers` replaces a command's answer by name
    (`GREETING`, `LOGIN`, `UID FETCH`, `IDLE` …); a function gets the talk and the arguments.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        messages: Mapping[int, bytes] | None = None,
        capabilities: str = CAPABILITIES,
        implicit_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers: dict[str, Answer] = dict(answers or {})
        self.messages: dict[int, bytes] = dict(messages or {})
        self.capabilities = capabilities
        self.commands: list[str] = []
        self.connections = 0
        self.ended = threading.Event()
        self._implicit_tls = implicit_tls
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for each in (self._listener, *tuple(self._open)):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def said(self, command: str) -> list[str]:
        """Return the arguments of every such command, in order."""
        return [
            line.removeprefix(command).strip()
            for line in self.commands
            if (line + " ").startswith(command + " ")
        ]

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="scripted imap", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # Small packets at once; else every answer waits 40 ms for the client's delayed ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._begin(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        plug = connection.dup()
        self._open.add(plug)
        talk = Talk(self, connection)
        try:
            if self._implicit_tls:
                talk.start_tls(self._implicit_tls)
            self._answer(talk, "GREETING", "")
            while True:
                self._obey(talk, talk.line())
        except OSError:
            pass
        finally:
            self._open.discard(plug)
            plug.close()
            talk.connection.close()

    def _obey(self, talk: Talk, line: str) -> None:
        talk.tag, _, rest = line.partition(" ")
        self.commands.append(rest)
        name, _, arguments = rest.partition(" ")
        name = name.upper()
        if name == "UID":
            verb, _, arguments = arguments.partition(" ")
            name = f"UID {verb.upper()}"
        self._answer(talk, name, arguments)

    def _answer(self, talk: Talk, name: str, arguments: str) -> None:
        if name in self.answers:
            self.answers[name](talk, arguments)
        else:
            self.honestly(talk, name, arguments)

    def honestly(self, talk: Talk, name: str, arguments: str) -> None:
        """Answer as a simple server does."""
        match name:
            case "GREETING":
                talk.send("* OK ready")
            case "CAPABILITY":
                talk.send(f"* CAPABILITY {self.capabilities}")
                talk.ok()
            case "AUTHENTICATE":
                talk.send("+ ")
                talk.line()
                talk.ok()
            case "EXAMINE":
                talk.send(
                    f"* {len(self.messages)} EXISTS",
                    "* OK [UIDVALIDITY 7] valid",
                    f"* OK [UIDNEXT {max(self.messages, default=0) + 1}] next",
                )
                talk.ok("[READ-ONLY] examined")
            case "LIST":
                talk.send('* LIST () "/" INBOX', '* LIST (\\Sent) "/" Sent')
                talk.ok()
            case "UID SEARCH":
                found = " ".join(map(str, self.matching(arguments)))
                talk.send(f"* SEARCH {found}".rstrip())
                talk.ok()
            case "UID FETCH":
                for uid in self.asked(arguments):
                    self.deliver(talk, uid, arguments)
                talk.ok()
            case "IDLE":
                talk.send("+ idling")
                talk.line()
                talk.ok()
            case "APPEND":
                self.take(talk, arguments)
                talk.ok("[APPENDUID 7 1] appended")
            case "LOGOUT":
                talk.send("* BYE see you")
                talk.ok()
            case _:
                talk.ok()

    def matching(self, criteria: str) -> list[int]:
        """Return the UIDs of a `UID` set or range, as RFC 9051 wants it: `n:*` is never empty."""
        found = re.search(r"UID (\S+)", criteria)
        highest = max(self.messages, default=0)
        wanted: set[int] = set()
        for part in (found[1] if found else "1:*").split(","):
            low, _, high = part.replace("*", str(highest)).partition(":")
            ends = sorted((int(low), int(high or low)))
            wanted.update(uid for uid in self.messages if ends[0] <= uid <= ends[1])
        return sorted(wanted)

    def asked(self, arguments: str) -> list[int]:
        """Return the UIDs of a FETCH that exist."""
        uids = [int(uid) for uid in arguments.split(" ", 1)[0].split(",")]
        return [uid for uid in uids if uid in self.messages]

    def deliver(self, talk: Talk, uid: int, arguments: str) -> None:
        """Send what a FETCH asks for about one message."""
        raw = self.messages[uid]
        number = sorted(self.messages).index(uid) + 1
        items = [f"UID {uid}"]
        if "RFC822.SIZE" in arguments:
            items.append(f"RFC822.SIZE {len(raw)}")
        if "INTERNALDATE" in arguments:
            items.append('INTERNALDATE "21-Nov-2026 10:00:00 +0100"')
        if "BODY.PEEK" not in arguments:
            talk.send(f"* {number} FETCH ({' '.join(items)})")
            return
        key, part = "BODY[]", raw
        if "HEADER" in arguments:
            key, part = "BODY[HEADER]", raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
        items.append(f"{key} {{{len(part)}}}\r\n")
        talk.send_raw(f"* {number} FETCH ({' '.join(items)}".encode() + part + b")\r\n")

    def take(self, talk: Talk, arguments: str) -> bytes:
        """Read the literal of an APPEND, and the end of the command."""
        size = int(re.search(r"\{(\d+)\+?\}$", arguments)[1])  # type: ignore[index]
        if not arguments.endswith("+}"):
            talk.send("+ go on")
        raw = talk.literal(size)
        talk.line()
        return raw
