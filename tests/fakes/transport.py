"""A submission server without a network, with the fault plan of `tests.servers.sink`.

Passes the same contract suite as the real adapter: tests/contract/test_transport.py.
"""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from maildaemon.domain.delivery import (
    Accepted,
    Deferred,
    Envelope,
    Outcome,
    Rejected,
    Reply,
    Uncertain,
)
from maildaemon.errors import TransportPasswordRefusedError, TransportUnavailableError

_SESSION = ("CONNECT", "EHLO", "STARTTLS", "AUTH")
_OFFER = ("MAIL", "RCPT", "DATA")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail the server took responsibility for."""

    envelope: Envelope
    raw: bytes


class FakeTransport:
    """A `Transport`; `accepted` is what a real server would have delivered.

    `plan(verb, *faults)` queues faults, one for each coming command of that verb. Verbs: CONNECT,
    EHLO, STARTTLS, AUTH (all asked by an `open` that connects), MAIL, RCPT, DATA, DOT. Faults:
    `451 text` (any reply), `drop`; for DOT also `accept_then_drop`; an empty string lets one pass.
    `always(verb, fault)` holds once the plan is used up, until `always(verb, None)`.
    """

    def __init__(self) -> None:
        self.accepted: list[Mail] = []
        self.commands: list[str] = []
        self.connected = False
        self._plan: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}

    def plan(self, verb: str, *faults: str) -> None:
        self._plan[verb].extend(faults)

    def always(self, verb: str, fault: str | None) -> None:
        self._always[verb] = fault or ""

    async def open(self) -> None:
        if self.connected:
            return
        for verb in _SESSION:
            fault = self._fault(verb)
            if verb == "AUTH" and fault.startswith("5"):
                raise TransportPasswordRefusedError(fault, where="fake:587")
            if fault:
                raise TransportUnavailableError(f"fake:587: {fault}")
        self.connected = True

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        if not self.connected:
            raise TransportUnavailableError("fake:587: no session is open")
        for verb in _OFFER:
            if fault := self._fault(verb):
                return self._refused(verb, fault)
        try:
            await before_dot()
        except BaseException:
            self.connected = False
            raise
        fault = self._fault("DOT")
        if fault in {"", "accept_then_drop"} or fault.startswith("250 "):
            self.accepted.append(Mail(envelope, raw))
        if fault.endswith("drop"):
            self.connected = False
            return Uncertain("Connection lost")
        if fault.startswith("250 "):
            return Accepted(Reply(250, fault.removeprefix("250 ")))
        return _verdict(fault) if fault else Accepted(self._queued())

    async def close(self) -> None:
        self.connected = False

    def _fault(self, verb: str) -> str:
        self.commands.append(verb)
        queue = self._plan[verb]
        return queue.popleft() if queue else self._always.get(verb, "")

    def _refused(self, verb: str, fault: str) -> Outcome:
        if fault == "drop" or fault.startswith(("421", "530")):
            self.connected = False
            raise TransportUnavailableError(f"fake:587: {fault}")
        outcome = _verdict(fault)
        return Deferred(outcome.reply) if verb == "RCPT" and outcome.reply.code == 552 else outcome

    def _queued(self) -> Reply:
        return Reply(250, f"2.0.0 OK queued as FAKE{len(self.accepted)}")


def _verdict(fault: str) -> Deferred | Rejected:
    code, _, text = fault.partition(" ")
    reply = Reply(int(code), text)
    return Deferred(reply) if code.startswith("4") else Rejected(reply)
