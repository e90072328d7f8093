"""Opens a session with a submission server: connection, TLS, login. Knows nothing of mails."""

import asyncio
import base64
import errno
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, cast

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectTimeoutError,
    SMTPException,
    SMTPReadTimeoutError,
    SMTPResponseException,
)

from maildaemon.adapters.sasl import mechanism_among, show_token
from maildaemon.adapters.tls import GREETS_WITHIN, NO_TLS, context_for, greets_as, why_untrusted
from maildaemon.adapters.tokens import Bearer
from maildaemon.domain.grants import AccessToken
from maildaemon.errors import (
    IdentityRefusedError,
    IdentityUnavailableError,
    SignInRefusedError,
    TransportPasswordRefusedError,
    TransportRefusedError,
    TransportUnavailableError,
    TransportUntrustedError,
)

# Trouble with the line or with the other side, as the library reports it. UnicodeError: a host
# name that no DNS query can hold.
TROUBLE = (SMTPException, OSError, UnicodeError)

# One mechanism, never a second with the same password: each try counts towards a locked account.
_MECHANISMS = ("plain", "login", "cram-md5")

# RFC 4954 §4.
_CHALLENGE = 334
_AUTHENTICATED = 235

_MAX_TEXT = 1000

# RFC 9051 §7.1: how an IMAP server greets.
_IMAP_GREETING = re.compile(r"Malformed SMTP response line: \* (OK|PREAUTH|BYE)\b", re.IGNORECASE)
_IS_IMAP = "this is an IMAP server; `smtp.port` is mostly 465 (`security: tls`) or 587"


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """Where and as whom to submit.

    `hostname` is what EHLO says about us. `secret` returns the password, `bearer` a token in its
    place; one of them is asked whenever a connection is made, in a thread. `ca_file` replaces the
    system's certificate authorities.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    hostname: str
    username: str | None = None
    secret: Callable[[], str] | None = None
    ca_file: Path | None = None
    bearer: Bearer | None = None

    @property
    def where(self) -> str:
        """Return what an operator knows the server by."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """How long to wait for what, in seconds, and for how long one connection is kept."""

    connect: float = 30
    command: float = 60
    dot: float = 600
    messages: int = 100
    idle: float = 60


async def open_session(account: SmtpAccount, limits: SmtpLimits) -> SMTP:
    """Return a client that is ready for MAIL.

    Raises TransportUnavailableError, TransportRefusedError, TransportPasswordRefusedError, and
    what `secret` raises; no connection is left behind then.
    """
    if account.bearer is not None:
        return await _open_with_token(account, account.bearer, limits)
    password = await asyncio.to_thread(account.secret) if account.secret else ""

    async def let_in(client: SMTP) -> None:
        if account.username is not None:
            await _authenticate(client, account, account.username, password)

    return await _connected(account, limits, let_in)


async def _open_with_token(account: SmtpAccount, bearer: Bearer, limits: SmtpLimits) -> SMTP:
    async def connected(token: AccessToken) -> SMTP:
        return await _connected(
            account, limits, lambda client: _show_token(client, account, token.value)
        )

    with _understood():
        token = await asyncio.to_thread(bearer.token)
        try:
            client = await connected(token)
        except TransportPasswordRefusedError:
            # RFC 7628 §3.2.3: it may have been withdrawn before its time.
            newer = await asyncio.to_thread(bearer.another, token)
            if newer is None:
                raise
            client = await connected(newer)
        bearer.accepted()
        return client


@contextmanager
def _understood() -> Iterator[None]:
    """Turn what the identity server has against us into what it means for sending."""
    try:
        yield
    except IdentityUnavailableError as error:
        raise TransportUnavailableError(str(error)) from error
    except IdentityRefusedError as error:
        ended = isinstance(error, SignInRefusedError)
        kind = TransportPasswordRefusedError if ended else TransportRefusedError
        raise kind(error.what, where=error.where, advice=error.advice) from error


async def _connected(
    account: SmtpAccount, limits: SmtpLimits, let_in: Callable[[SMTP], Awaitable[None]]
) -> SMTP:
    client = SMTP(
        hostname=account.host,
        port=account.port,
        local_hostname=account.hostname,
        timeout=limits.command,
        use_tls=account.security == "tls",
        # Never None: that would go on in the clear where the server does not offer TLS.
        start_tls=False,
        tls_context=await _tls_context(account),
    )
    try:
        with translated(account.where, account.security):
            await _connect(client, account, limits)
            await client.ehlo()
            if account.security == "starttls":
                await _start_tls(client, account)
            await let_in(client)
    except BaseException:
        drop(client)
        raise
    return client


async def _connect(client: SMTP, account: SmtpAccount, limits: SmtpLimits) -> None:
    try:
        await client.connect(timeout=limits.connect)
    except SMTPException as error:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLError) and cause.reason in NO_TLS:
            place = (account.host, account.port)
            again = partial(socket.create_connection, place, GREETS_WITHIN)
            if await asyncio.to_thread(greets_as, again) == "imap":
                raise TransportUnavailableError(f"{account.where}: {_IS_IMAP}") from error
        raise


@contextmanager
def translated(where: str, security: str = "") -> Iterator[None]:
    """Turn the library's errors into ours; `security` while the session is being opened."""
    try:
        yield
    except TROUBLE as error:
        for suspect in (error, error.__cause__):
            if isinstance(suspect, ssl.SSLCertVerificationError):
                found = why_untrusted(suspect, "smtp.ca_file")
                raise TransportUntrustedError(
                    found.what, where=where, advice=found.advice, by_file=found.by_file
                ) from error
        what = _in_plain_words(error, security) or said(error)
        raise TransportUnavailableError(f"{where}: {what}") from error


def _in_plain_words(error: BaseException, security: str) -> str | None:
    """Return what is likely wrong in the configuration; None if nothing points to it."""
    if _IMAP_GREETING.search(str(error)):
        return _IS_IMAP
    match error, error.__cause__:
        case (_, ssl.SSLError(reason=reason)) if security == "tls" and reason in NO_TLS:
            return (
                "the server does not speak TLS from the first byte; "
                "`security: starttls` belongs to port 587"
            )
        case (UnicodeError(), _) | (_, socket.gaierror()):
            reason = one_line(str(error.__cause__ or error))
            return f"the host name cannot be resolved; see whether it is spelled right ({reason})"
        case (_, OSError()) if _refused(error):
            return "connection refused; nothing listens there"
        case (SMTPConnectTimeoutError(), SMTPReadTimeoutError()) if security != "tls":
            return "no greeting in time; if the port expects TLS at once, use `security: tls`"
        case _:
            return None


def _refused(error: BaseException) -> bool:
    # Where a name has several addresses, asyncio joins their errors to one text.
    return set(re.findall(r"\[Errno (-?\d+)\]", str(error))) == {str(errno.ECONNREFUSED)}


def drop(client: SMTP) -> None:
    """Leave without a word: nothing that still waits in a buffer goes out."""
    if client.transport is not None:
        cast("asyncio.WriteTransport", client.transport).abort()
    client.close()


def said(error: BaseException) -> str:
    """Return what an error says, fit for a log."""
    if isinstance(error, SMTPResponseException):
        return one_line(f"{error.code} {error.message}")
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """Make a stranger's words safe to store and to log."""
    legible = text.encode(errors="replace").decode()
    printable = "".join(char if char.isprintable() else " " for char in legible)
    return " ".join(printable.split())[:_MAX_TEXT]


async def _tls_context(account: SmtpAccount) -> ssl.SSLContext | None:
    if account.security == "none":
        return None
    try:
        return await asyncio.to_thread(context_for, account.ca_file)
    except OSError as error:
        raise TransportRefusedError(
            f"the certificates in {account.ca_file} cannot be read: {error}",
            where=account.where,
            advice="smtp.ca_file must name a file of PEM certificates that we may read",
        ) from error


async def _start_tls(client: SMTP, account: SmtpAccount) -> None:
    if not client.supports_extension("starttls"):
        raise TransportRefusedError(
            "the server does not offer STARTTLS",
            where=account.where,
            advice="set smtp.security to tls and smtp.port to 465, or ask the provider",
        )
    await client.starttls()
    # RFC 3207 §4.2: what was said before the encryption began counts for nothing.
    await client.ehlo()


async def _authenticate(client: SMTP, account: SmtpAccount, username: str, password: str) -> None:
    offered = client.server_auth_methods
    mechanism = next((name for name in _MECHANISMS if name in offered), None)
    try:
        match mechanism:
            case "plain":
                await client.auth_plain(username, password)
            case "login":
                await client.auth_login(username, password)
            case "cram-md5":
                await client.auth_crammd5(username, password)
            case _:
                raise TransportRefusedError(
                    f"no login we know is offered (but: {' '.join(offered) or 'none at all'})",
                    where=account.where,
                    advice="many servers offer it only after TLS: see smtp.security",
                )
    except SMTPAuthenticationError as error:
        if not _is_verdict(error):
            raise
        advice = "check smtp.username and smtp.password; some providers want an app password"
        raise _login_refused(account, error, advice) from error


def _is_verdict(error: SMTPAuthenticationError) -> bool:
    # RFC 4954 §6: 454 says that nobody can tell now; 5yz is a verdict, and nothing else is.
    return error.code // 100 == 5  # noqa: PLR2004


def _login_refused(
    account: SmtpAccount, error: SMTPAuthenticationError, advice: str
) -> TransportPasswordRefusedError:
    return TransportPasswordRefusedError(
        f"the server refused the login of {account.username}: {said(error)}",
        where=account.where,
        advice=advice,
    )


async def _show_token(client: SMTP, account: SmtpAccount, token: str) -> None:
    """Log in by token; the library has no word for the standard's mechanism."""
    offered = client.server_auth_methods
    mechanism = mechanism_among([name.upper() for name in offered])
    if mechanism is None:
        raise TransportRefusedError(
            f"the server takes no token (but: {' '.join(offered) or 'no login at all'})",
            where=account.where,
            advice="see whether smtp.host and smtp.security are right; where they are, use "
            "`password` in place of `oauth2`",
        )
    show = show_token(mechanism, account.username or "", token, account.host, account.port)
    first = base64.b64encode(show.first.encode())
    answer = await client.execute_command(b"AUTH", mechanism.encode("ascii"), first)
    if answer.code == _CHALLENGE:
        # The challenge holds the reason of the refusal; the refusal itself comes after it.
        answer = await client.execute_command(base64.b64encode(show.then.encode()))
    if answer.code != _AUTHENTICATED:
        error = SMTPAuthenticationError(answer.code, answer.message)
        if not _is_verdict(error):
            raise error
        advice = "see whether that account may send by SMTP, and is the one signed in for"
        raise _login_refused(account, error, advice)
