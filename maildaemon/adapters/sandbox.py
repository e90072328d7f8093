"""Throw-away mail servers for `maildaemon demo`: one mailbox, in memory, on loopback only.

A real IMAP server (pymap) and a real SMTP server (aiosmtpd) share one thread. Mail to the mailbox
is delivered into it, as a provider would; mail to anybody else is collected and never leaves.
The libraries come with the extra `demo`; without it this module cannot be imported.
"""

import argparse
import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hmac import compare_digest
from types import SimpleNamespace
from typing import Self
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

HOST = "127.0.0.1"
FOLDERS = ("Sent", "Drafts", "Junk", "Trash")
_NAME = "mail.sandbox.example"
_WITHIN_SECONDS = 15
# aiosmtpd warns at every login about an attribute of its own; asyncio, when a client has gone.
_NOISY = ("mail.log", "asyncio")


@dataclass(frozen=True, slots=True)
class Collected:
    """A mail to somebody else that the SMTP server accepted; `reverse_path` "" is the null one."""

    reverse_path: str
    recipient: str
    raw: bytes


class Sandbox:
    """A mail account on servers of its own, which end with the `with` block.

    `collected` is called in the servers' thread for each mail to somebody else, before its sender
    hears that it was accepted. Only whoever logs in may send to others.
    """

    def __init__(self, address: str, password: str, collected: Callable[[Collected], None]) -> None:
        """Nothing runs before the `with` block; the ports are known within it."""
        self.imap_port = 0
        self.smtp_port = 0
        self._address = address
        self._password = password
        self._collected = collected
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def __enter__(self) -> Self:
        """Start both servers; TimeoutError, or what went wrong, if they do not start."""
        self._thread.start()
        try:
            self._ready.result(_WITHIN_SECONDS)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End both servers and their thread; connections that still stand are broken off."""
        self._stop()

    def _stop(self) -> None:
        if self._ready.done() and self._ready.exception() is None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_WITHIN_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        for noisy in _NOISY:
            logging.getLogger(noisy).setLevel(logging.ERROR)
        with ThreadPoolExecutor(1, thread_name_prefix="sandbox-hash") as threads:
            imap = await self._start_imap(threads)
            smtp = await self._loop.create_server(self._smtp_session, HOST, 0)
            self.imap_port = imap.sockets[0].getsockname()[1]
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            self._ready.set_result(None)
            await self._stopping.wait()
            imap.close()
            smtp.close()

    async def _start_imap(self, threads: ThreadPoolExecutor) -> asyncio.Server:
        config = _ImapConfig(
            argparse.Namespace(passlib_cfg=None, proxy_protocol=None),
            host=HOST,
            port=0,
            tls_enabled=False,
            demo_data=False,
            demo_user=self._address,
            demo_password=self._password,
            # The password is random and lives for a minute: nothing is gained by a slow hash.
            hash_context=BuiltinHash(rounds=1),
            cpu_subsystem=Subsystem.for_threading(threads),
        )
        config.apply_context()
        login = Login(config)
        hashed = await Passwords(config).hash_password(self._password)
        self._owner = login.demo_user_identity
        await self._owner.set(UserMetadata(config, self._address, password=hashed))
        async with self._owner.new_session() as session:
            for folder in FOLDERS:
                await session.mailbox_set.add_mailbox(folder)
        # Not pymap's own service: that one does not tell on which port it listens.
        imap, header = IMAPServer(login, config), ProxyProtocolReader(config.proxy_protocol)

        # Not its get_callback(): nobody would hold the task of a connection, and Python 3.13
        # collects it with the connection in it.
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told = await header.read(reader)
            await imap(reader, writer, SocketInfo.get(writer, told, unique_id=uuid4().bytes))

        return await asyncio.start_server(serve, HOST, 0)

    def _smtp_session(self) -> SMTP:
        hooks = SimpleNamespace(handle_RCPT=self._accept_recipient, handle_DATA=self._accept_mail)
        return SMTP(
            hooks,
            hostname=_NAME,
            ident="sandbox",
            authenticator=self._authenticate,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        return AuthResult(
            success=isinstance(given, LoginPassword)
            and given.login == self._address.encode()
            and compare_digest(given.password, self._password.encode())
        )

    async def _accept_recipient(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._is_ours(address) and not session.authenticated:
            return "550 5.7.1 relaying denied: log in first"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def _accept_mail(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        # aiosmtpd shows the null reverse path as the text "<>".
        reverse_path = (envelope.mail_from or "").strip("<>")
        for recipient in envelope.rcpt_tos:
            if self._is_ours(recipient):
                await self._deliver(reverse_path, raw)
            else:
                self._collected(Collected(reverse_path, recipient, raw))
        return "250 2.0.0 accepted"

    async def _deliver(self, reverse_path: str, raw: bytes) -> None:
        """Put a mail into the inbox, with the trace that a final delivery leaves on it."""
        now = datetime.now(UTC)
        trace = (
            f"Return-Path: <{reverse_path}>\r\n"
            f"Delivered-To: {self._address}\r\n"
            f"Received: from sender.example by {_NAME} with ESMTP; {format_datetime(now)}\r\n"
        )
        async with self._owner.new_session() as session:
            mail = AppendMessage(trace.encode() + raw, now, frozenset())
            await session.append_messages("INBOX", [mail])

    def _is_ours(self, address: str) -> bool:
        return address.lower() == self._address


class _ImapConfig(Config):
    """pymap's settings, without the look-up of our own name that each greeting would cost."""

    @property
    def greeting(self) -> bytes:
        return b"Throw-away server ready"
