"""Certificates: the authorities that an operator names, and until when a server's own is good."""

import contextlib
import imaplib
import smtplib
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from maildaemon.errors import OperatorError
from maildaemon.ports import Certificate

_SECONDS = 20


def require_authorities(ca_file: Path) -> None:
    """Raise OperatorError if the file cannot be used: no server needs to be asked for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        unread = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise OperatorError(
            "holds no PEM certificates" if isinstance(error, ssl.SSLError) else unread,
            where=str(ca_file),
            advice="`ca_file` must name a PEM file that the user who runs maildaemon can read",
        ) from error


def read_certificate(
    service: str,
    host: str,
    port: int,
    security: Literal["tls", "starttls", "none"],
    ca_file: Path | None,
) -> Certificate | None:
    """Return the certificate a server (`imap`, `smtp`) shows, None if it cannot be had.

    Nobody logs in. Why it cannot be had is not said here: whoever reads or sends mail meets the
    same, and tells it.
    """
    if security == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
        with contextlib.ExitStack() as opened:
            line = _open(service, host, port, security, context, opened)
            shown = line.getpeercert() or {}
    except (OSError, imaplib.IMAP4.error, smtplib.SMTPException, UnicodeError):
        return None
    begins, ends = shown.get("notBefore"), shown.get("notAfter")
    return Certificate(_instant(begins), _instant(ends)) if begins and ends else None


def _open(
    service: str,
    host: str,
    port: int,
    security: str,
    context: ssl.SSLContext,
    opened: contextlib.ExitStack,
) -> ssl.SSLSocket:
    if security == "tls":
        plain = opened.enter_context(socket.create_connection((host, port), _SECONDS))
        return opened.enter_context(context.wrap_socket(plain, server_hostname=host))
    if service == "imap":
        imap = imaplib.IMAP4(host, port, timeout=_SECONDS)
        opened.callback(imap.shutdown)
        imap.starttls(context)
        line: socket.socket | None = imap.sock
    else:
        smtp = smtplib.SMTP(host, port, timeout=_SECONDS)
        opened.callback(smtp.close)
        smtp.starttls(context=context)
        line = smtp.sock
    if not isinstance(line, ssl.SSLSocket):
        raise ssl.SSLError("STARTTLS was not taken")
    return line


def _instant(text: object) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), UTC)
