"""From a host name to a logged-in IMAP connection, and what went wrong in plain words."""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from maildaemon import __version__
from maildaemon.adapters.imap_wire import Client, Plug, dial
from maildaemon.adapters.sasl import mechanism_among, show_token
from maildaemon.adapters.tls import GREETS_WITHIN, NO_TLS, context_for, greets_as, why_untrusted
from maildaemon.adapters.tokens import Bearer
from maildaemon.domain.grants import AccessToken
from maildaemon.errors import (
    IdentityRefusedError,
    IdentityUnavailableError,
    MailboxPasswordRefusedError,
    MailboxRefusedError,
    MailboxUnavailableError,
    MailboxUntrustedError,
    MaildaemonError,
    SignInRefusedError,
)


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where the mailbox is and how to get in. `secret` returns the password, `bearer` a token in
    its place; one of them is asked on every connecting, never before. `none` sends it in clear.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    secret: Callable[[], str] | None = None
    ca_file: Path | None = None
    bearer: Bearer | None = None

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ImapLimits:
    """Seconds to connect, of silence inside an answer, and for one command (transfer of messages
    comes on top); bytes of one message.
    """

    connect: float = 30
    answer: float = 60
    command: float = 180
    max_message: int = 64 * 2**20


# RFC 9051 §7.1, RFC 5530 §3: what waiting can cure.
TEMPORARY_CODES = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED"})

# Gmail and others refuse a login with an ALERT or nothing but words when too many clients are on.
_BUSY = re.compile(
    r"too many (simultaneous |concurrent |open )?(imap )?(connections|sessions|logins)"
    r"|(maximum|max\.?) (number|no\.?) of connections|connection limit|connections exceeded"
    r"|temporary authentication failure|(temporarily|currently) unavailable|server (is )?busy"
    r"|user is authenticated but not connected",
    re.IGNORECASE,
)

# What OpenSSL says when the other side does not speak TLS, or only a version we refuse.
_NO_COMMON_TLS = NO_TLS | {
    "UNSUPPORTED_PROTOCOL",
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
}

_IS_SMTP = "this is an SMTP server; `imap.port` is mostly 993 (`security: tls`) or 143"


def log_in(server: ImapServer, limits: ImapLimits, plug: Plug) -> Client:
    """Return a logged-in connection. Raises whatever happens; `explain` says what it means."""
    if server.bearer is None:
        return _connected(server, limits, plug, lambda client: _log_in(client, server))
    return _log_in_with_token(server, server.bearer, limits, plug)


def _log_in_with_token(
    server: ImapServer, bearer: Bearer, limits: ImapLimits, plug: Plug
) -> Client:
    token = bearer.token()

    def connected(token: AccessToken) -> Client:
        return _connected(
            server, limits, plug, lambda client: _show_token(client, server, token.value)
        )

    try:
        client = connected(token)
    except MailboxPasswordRefusedError:
        # RFC 7628 §3.2.3: it may have been withdrawn before its time.
        newer = bearer.another(token)
        if newer is None:
            raise
        client = connected(newer)
    bearer.accepted()
    return client


def _connected(
    server: ImapServer, limits: ImapLimits, plug: Plug, let_in: Callable[[Client], None]
) -> Client:
    connection = dial(server.host, server.port, limits.connect, plug)
    try:
        connection.settimeout(limits.answer)
        if server.security == "tls":
            connection = _encrypted(connection, server, plug)
        client = Client(connection, server.host, server.port, limits.answer, limits.max_message)
    except BaseException:
        connection.close()
        raise
    try:
        _authenticate(client, server, let_in)
    except BaseException:
        hang_up(client)
        raise
    return client


def hang_up(client: Client) -> None:
    """Close the connection without a word; whatever state it is in."""
    with suppress(OSError, IMAPClientError):
        client.shutdown()


def _encrypted(connection: socket.socket, server: ImapServer, plug: Plug) -> ssl.SSLSocket:
    encrypted = _context(server).wrap_socket(
        connection, server_hostname=server.host, do_handshake_on_connect=False
    )
    try:
        encrypted.do_handshake()
    except BaseException as error:
        encrypted.close()
        if isinstance(error, ssl.SSLError) and error.reason in NO_TLS:
            again = partial(dial, server.host, server.port, GREETS_WITHIN, plug)
            if greets_as(again) == "smtp":
                raise MailboxUnavailableError(f"{server.where}: {_IS_SMTP}") from error
        raise
    return encrypted


def _context(server: ImapServer) -> ssl.SSLContext:
    # imaplib's own default neither verifies the certificate nor the name.
    try:
        return context_for(server.ca_file)
    except OSError as error:
        raise MailboxRefusedError(
            f"the certificate file cannot be used: {error.strerror or error}",
            where=str(server.ca_file),
            advice="`ca_file` must be a readable PEM file",
        ) from error


def _authenticate(client: Client, server: ImapServer, let_in: Callable[[Client], None]) -> None:
    _refuse_preauth(client, server)
    if server.security == "starttls":
        _start_tls(client, server)
    # RFC 9051 §6.2.1: before TLS anybody on the way could have told us anything; what is
    # advertised before the login is no longer true after it.
    client.wire.untagged_responses.clear()
    try:
        refuse_controls(server.username, "username", server)
        let_in(client)
    except LoginError as error:
        raise _refusal(error, server) from error
    # RFC 2971; some providers let nobody in who does not introduce himself.
    if client.has_capability("ID"):
        with suppress(IMAPClientError):
            client.id_({"name": "maildaemon", "version": __version__})


def _refuse_preauth(client: Client, server: ImapServer) -> None:
    # RFC 9051 §11.3: a greeting of PREAUTH skips TLS and login; it may come from somebody else.
    if client.wire.state != "NONAUTH":
        raise MailboxRefusedError(
            "the server lets everybody in without a password (PREAUTH)",
            where=server.where,
            advice="use a port that asks for one",
        )


def _start_tls(client: Client, server: ImapServer) -> None:
    if "STARTTLS" not in client.wire.capabilities:
        raise MailboxRefusedError(
            "the server does not offer STARTTLS, and the password is not sent in clear",
            where=server.where,
            advice="use `security: tls`, mostly with port 993",
        )
    client.starttls(_NothingBehind(_context(server), client))


class _NothingBehind:
    """A TLS context for imaplib that refuses plain text behind the go-ahead for TLS.

    Whoever can write into the plain connection could otherwise have lines of his taken for the
    server's encrypted ones.
    """

    def __init__(self, context: ssl.SSLContext, client: Client) -> None:
        self._context = context
        self._client = client

    def wrap_socket(self, sock: socket.socket, *, server_hostname: str) -> ssl.SSLSocket:
        if self._client.wire.buffered():
            raise imaplib.IMAP4.abort("plain text follows the server's consent to STARTTLS")
        return self._context.wrap_socket(sock, server_hostname=server_hostname)


def _log_in(client: Client, server: ImapServer) -> None:
    secret = server.secret() if server.secret else ""
    refuse_controls(secret, "password", server)
    if "AUTH=PLAIN" in client.wire.capabilities:
        # Rather than LOGIN: base64 needs no quoting, and carries any letters.
        client.plain_login(server.username, secret)
    else:
        _plain_login(client, server, secret)


def _show_token(client: Client, server: ImapServer, token: str) -> None:
    offered = [one.removeprefix("AUTH=") for one in client.wire.capabilities]
    mechanism = mechanism_among(offered)
    if mechanism is None:
        raise MailboxRefusedError(
            "the server takes no token on this connection",
            where=server.where,
            advice="see whether `host` is right; where it is, use `password` in place of `oauth2`",
        )
    show = show_token(mechanism, server.username, token, server.host, server.port)
    answers = iter((show.first,))
    # A second challenge holds the reason of the refusal.
    client.sasl_login(mechanism, lambda _challenge: next(answers, show.then))


def _plain_login(client: Client, server: ImapServer, password: str) -> None:
    if "LOGINDISABLED" in client.wire.capabilities:
        raise MailboxRefusedError(
            "the server takes no password on this connection",
            where=server.where,
            advice="use `security: tls` or `starttls`",
        )
    if not (server.username + password).isascii():
        raise MailboxRefusedError(
            "the server can only take user names and passwords of ASCII letters",
            where=server.where,
        )
    username = server.username
    # imaplib quotes the password, but not the user name.
    if re.fullmatch(r"[A-Za-z0-9@._+-]+", username) is None:
        escaped = username.replace("\\", "\\\\").replace('"', '\\"')
        username = f'"{escaped}"'
    client.login(username, password)


def refuse_controls(value: str, name: str, server: ImapServer) -> None:
    """Raise MailboxRefusedError if the value could smuggle a second command onto the wire."""
    if any(character in value for character in "\r\n\0"):
        raise MailboxRefusedError(
            f"the {name} contains a line break or a zero byte", where=server.where
        )


def response_code(text: str) -> str:
    """Return the code in brackets of a server's answer (RFC 9051 §7.1); empty if there is none."""
    found = re.search(r"\[([A-Z][A-Z-]+)[\] ]", text)
    return found[1] if found else ""


def _refusal(error: LoginError, server: ImapServer) -> MaildaemonError:
    """Tell a refused password from a server that has no time: the one locks accounts."""
    # The library raises LoginError for everything, a lost connection included.
    if isinstance(error.__context__, IMAPClientAbortError):
        return explain(error.__context__, server)
    text = _printable(str(error))
    code = response_code(text)
    if code in TEMPORARY_CODES or "command error: BAD" in text or _BUSY.search(text):
        return MailboxUnavailableError(f"{server.where}: the login has to wait: {text}")
    if code == "PRIVACYREQUIRED":
        return MailboxRefusedError(
            f"the server takes no password on this connection: {text}",
            where=server.where,
            advice="use `security: tls` or `starttls`",
        )
    advice = "check `username` and `password`; accounts with two-step login need an app password"
    if server.bearer is not None:
        advice = "see whether that account may use IMAP, and whether it is the one signed in for"
    return MailboxPasswordRefusedError(
        f"the server refused the login of {server.username}: {text}",
        where=server.where,
        advice=advice,
    )


def explain(error: BaseException, server: ImapServer) -> MaildaemonError:
    """Return what an exception of the libraries means to us."""
    match error:
        case IdentityUnavailableError():
            return MailboxUnavailableError(str(error))
        case SignInRefusedError(what=what, where=where, advice=advice):
            return MailboxPasswordRefusedError(what, where=where, advice=advice)
        case IdentityRefusedError(what=what, where=where, advice=advice):
            return MailboxRefusedError(what, where=where, advice=advice)
        case MaildaemonError():
            return error
        case ssl.SSLCertVerificationError():
            found = why_untrusted(error, "imap.ca_file")
            return MailboxUntrustedError(
                found.what, where=server.where, advice=found.advice, by_file=found.by_file
            )
        case ssl.SSLError(reason=reason) if reason in _NO_COMMON_TLS:
            return MailboxRefusedError(
                f"no TLS of version 1.2 or newer is spoken there ({reason})",
                where=server.where,
                advice="`security: tls` goes with port 993, `starttls` with port 143",
            )
        case _:
            return MailboxUnavailableError(f"{server.where}: {_in_plain_words(error, server)}")


def _in_plain_words(error: BaseException, server: ImapServer) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused; nothing listens there"
        case socket.gaierror():
            return (
                "the host name cannot be resolved; see whether it is spelled right "
                f"({error.strerror})"
            )
        case TimeoutError() if server.security != "tls":
            return "no answer in time; if the port expects TLS at once, use `security: tls`"
        case TimeoutError():
            return "no answer in time"
        # Of a server that dies within TLS, OpenSSL says that it violates the protocol.
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "the server closed the connection"
        case ConnectionError():
            return f"the connection broke ({error.strerror or error})"
        case IMAPClientAbortError() if str(error).endswith("EOF"):
            return "the server closed the connection"
        # RFC 5321 §4.2: how an SMTP server greets.
        case IMAPClientAbortError() if re.search(r"unexpected response: b'220[ -]", str(error)):
            return _IS_SMTP
        case OSError() | IMAPClientError():
            return _printable(str(error))
        case _:
            return f"the answer could not be understood ({type(error).__name__}: {error})"


def _printable(text: str) -> str:
    """Return a server's words fit for a log line; imaplib now and then leaves them as bytes."""
    text = re.sub(r"^b(['\"])(.*)\1$", r"\2", text)
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]
