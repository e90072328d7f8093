"""Sends mail through a submission server (RFC 6409), on aiosmtplib.

Replies to MAIL, RCPT and DATA concern the message and become an `Outcome`. Everything else
concerns the session and raises: a rotated password must not fail a hundred queued mails.
"""

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

from aiosmtplib import SMTP, SMTPResponse, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from maildaemon.adapters.smtp_session import (
    TROUBLE,
    SmtpAccount,
    SmtpLimits,
    drop,
    one_line,
    open_session,
    said,
    translated,
)
from maildaemon.domain.delivery import (
    Accepted,
    Deferred,
    Envelope,
    Outcome,
    Rejected,
    Reply,
    Uncertain,
)
from maildaemon.errors import TransportUnavailableError

_START_MAIL_INPUT = 354
_SERVICE_UNAVAILABLE = 421
_AUTHENTICATION_REQUIRED = 530
_STORAGE_EXCEEDED = 552

_MAX_PATH = 254
_MAX_LINE = 998
_SLOWEST_UPLOAD = 50_000
_QUIT_SECONDS = 5
_LIMITS = SmtpLimits()

_LEADING_DOT = re.compile(rb"(?m)^\.")


class SmtpTransport:
    """A `Transport` for one account, used by one task at a time."""

    def __init__(self, account: SmtpAccount, limits: SmtpLimits = _LIMITS) -> None:
        """Note where to send; nothing is resolved or opened before `open`."""
        self._account = account
        self._limits = limits
        self._client: SMTP | None = None
        self._messages = 0
        self._used_at = 0.0

    async def open(self) -> None:
        """See `Transport.open`; a SecretError passes through."""
        if self._client is not None and await self._is_usable(self._client):
            return
        await self.close()
        self._client = await open_session(self._account, self._limits)
        self._messages = 0
        self._used_at = asyncio.get_running_loop().time()

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        """See `Transport.send`. What SMTP cannot say is rejected here, by a reply of our own.

        If the task is cancelled the connection is dropped, whatever was going on.
        """
        if fault := why_unsendable(envelope, raw):
            return Rejected(fault)
        if self._client is None:
            raise TransportUnavailableError(f"{self._account.where}: no session is open")
        self._messages += 1
        try:
            outcome = await self._transact(self._client, envelope, raw, before_dot)
        except BaseException:
            # Half a conversation is of no use; where the dot was not sent, nothing was accepted.
            self._drop()
            raise
        self._used_at = asyncio.get_running_loop().time()
        return outcome

    async def close(self) -> None:
        """See `Transport.close`."""
        try:
            if self._client is not None:
                with suppress(*TROUBLE):
                    await self._client.quit(timeout=_QUIT_SECONDS)
        finally:
            self._drop()

    async def _is_usable(self, client: SMTP) -> bool:
        idle = asyncio.get_running_loop().time() - self._used_at
        if self._messages >= self._limits.messages or idle > self._limits.idle:
            return False
        try:
            await client.rset()
        except TROUBLE:
            return False
        return True

    async def _transact(
        self,
        client: SMTP,
        envelope: Envelope,
        raw: bytes,
        before_dot: Callable[[], Awaitable[None]],
    ) -> Outcome:
        with translated(self._account.where):
            if refused := await self._offer(client, envelope, raw):
                await self._reset(client)
                return refused
            await self._upload(client, _LEADING_DOT.sub(b"..", raw))
        await before_dot()
        return await self._finish(client)

    async def _offer(self, client: SMTP, envelope: Envelope, raw: bytes) -> Outcome | None:
        """Go as far as the server's 354 and return None, else what was refused."""
        utf8 = not (envelope.reverse_path + envelope.forward_path).isascii()
        if utf8 and not client.supports_extension("smtputf8"):
            return Rejected(_local(553, "5.6.7 the server does not offer SMTPUTF8"))
        eight_bit = not raw.isascii()
        if eight_bit and not client.supports_extension("8bitmime"):
            return Rejected(_local(554, "5.6.3 the server does not offer 8BITMIME"))

        mail = [b"MAIL", b"FROM:<%b>" % envelope.reverse_path.encode()]
        if client.supports_extension("size"):
            mail.append(b"SIZE=%d" % len(raw))
        if eight_bit:
            mail.append(b"BODY=8BITMIME")
        if utf8:
            mail.append(b"SMTPUTF8")
        rcpt = [b"RCPT", b"TO:<%b>" % envelope.forward_path.encode()]
        if client.supports_extension("dsn"):
            # RFC 3834 §3.3: nobody can use a bounce of an automatic response.
            rcpt.append(b"NOTIFY=NEVER")

        for command in (mail, rcpt):
            reply = await self._command(client, *command)
            if reply.code // 100 != 2:  # noqa: PLR2004
                return self._refusal(command[0], reply)
        reply = await self._command(client, b"DATA")
        return None if reply.code == _START_MAIL_INPUT else self._refusal(b"DATA", reply)

    async def _command(self, client: SMTP, *words: bytes) -> Reply:
        _require_silence(_protocol(client))
        return _reply(await client.execute_command(*words))

    def _refusal(self, verb: bytes, reply: Reply) -> Outcome:
        # RFC 4954 §6: 530 asks for a login; it says nothing about this mail.
        session = reply.code in {_SERVICE_UNAVAILABLE, _AUTHENTICATION_REQUIRED}
        # RFC 5321 §4.5.3.1.10: to RCPT, 552 is to be read as 452. A full mailbox gets emptied.
        full = verb == b"RCPT" and reply.code == _STORAGE_EXCEEDED
        if reply.code // 100 in {4, 5} and not session:
            return Deferred(reply) if full or reply.code // 100 == 4 else Rejected(reply)  # noqa: PLR2004
        raise TransportUnavailableError(
            f"{self._account.where}: {reply.code} {reply.text} (to {verb.decode()})"
        )

    async def _upload(self, client: SMTP, wire: bytes) -> None:
        """Return when all of it has been handed to the operating system."""
        protocol = _protocol(client)
        # The library writes without waiting; with this mark, draining ends on an empty buffer.
        cast("asyncio.WriteTransport", client.transport).set_write_buffer_limits(high=0)
        protocol.write(wire)
        patience = self._limits.command + len(wire) / _SLOWEST_UPLOAD
        await asyncio.wait_for(protocol._drain_helper(), patience)  # noqa: SLF001
        _require_silence(_protocol(client))

    async def _finish(self, client: SMTP) -> Outcome:
        """Send the dot; from here on only a reply makes anything certain."""
        try:
            protocol = _protocol(client)
            protocol.write(b".\r\n")
            reply = _reply(await protocol.read_response(timeout=self._limits.dot))
        except TROUBLE as error:
            self._drop()
            return Uncertain(said(error))
        match reply.code // 100:
            case 2:
                return Accepted(reply)
            case 4:
                return Deferred(reply)
            case 5:
                return Rejected(reply)
            case _:
                self._drop()
                return Uncertain(f"{reply.code} {reply.text}")

    async def _reset(self, client: SMTP) -> None:
        try:
            await client.rset()
        except TROUBLE:
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            drop(client)


def why_unsendable(envelope: Envelope, raw: bytes) -> Reply | None:
    """Return why no server could be given this, as a reply of our own making, or None."""
    # RFC 5321 §4.5.5: only the reverse path may be null.
    paths = filter(None, [envelope.reverse_path])
    if not all(map(_is_path, [*paths, envelope.forward_path])):
        return _local(553, "5.1.3 not an address that SMTP can carry")
    # RFC 5321 §2.3.8: CR and LF only together; by a bare one a second mail can be smuggled in.
    lines = raw.split(b"\r\n")
    if lines[-1] or any(raw.count(end) != len(lines) - 1 for end in (b"\r", b"\n")):
        return _local(554, "5.6.0 not made of lines that end in CRLF")
    if b"\0" in raw or max(map(len, lines)) > _MAX_LINE:
        return _local(554, "5.6.0 a NUL, or a line longer than 998 octets")
    return None


def _is_path(path: str) -> bool:
    local_part, _, domain = path.rpartition("@")
    # The library would quietly send `a@b> X` as `a@b`: to somebody else.
    strange = any(
        char in "<>()[]" or char.isspace() or unicodedata.category(char).startswith("C")
        for char in path
    )
    return bool(local_part and domain) and not strange and len(path.encode()) <= _MAX_PATH


def _local(code: int, text: str) -> Reply:
    return Reply(code, f"{text} (not sent)")


def _reply(response: SMTPResponse) -> Reply:
    return Reply(response.code, one_line(response.message))


def _protocol(client: SMTP) -> SMTPProtocol:
    if client.protocol is None or not client.is_connected:
        raise SMTPServerDisconnected("Connection lost")
    return client.protocol


def _require_silence(protocol: SMTPProtocol) -> None:
    # After a reply too many, every reply would be taken for the next one's: in the end a stale
    # 250 for the answer to the dot.
    if protocol._buffer:  # noqa: SLF001
        raise SMTPServerDisconnected("the server speaks out of turn")
