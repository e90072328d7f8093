"""Certificates: the authorities that an operator names, until when a server's own is good, and
what one shows that nobody vouches for, for a person to compare.
"""

import contextlib
import hashlib
import imaplib
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from maildaemon.adapters.tls import Distrust, context_for, why_untrusted
from maildaemon.errors import OperatorError
from maildaemon.ports import Certificate

_SECONDS = 20
# Nobody answers, or not in the language of the service.
_TROUBLE = (OSError, imaplib.IMAP4.error, smtplib.SMTPException, UnicodeError)

Security = Literal["tls", "starttls", "none"]


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
    service: str, host: str, port: int, security: Security, ca_file: Path | None
) -> Certificate | None:
    """Return the certificate a server (`imap`, `smtp`) shows, None if it cannot be had.

    Nobody logs in. Why it cannot be had is not said here: whoever reads or sends mail meets the
    same, and tells it.
    """
    if security == "none":
        return None
    try:
        with contextlib.ExitStack() as opened:
            line = _open(service, host, port, security, context_for(ca_file), opened)
            shown = line.getpeercert() or {}
    except _TROUBLE:
        return None
    begins, ends = shown.get("notBefore"), shown.get("notAfter")
    return Certificate(_instant(begins), _instant(ends)) if begins and ends else None


def why_distrusted(
    service: str, host: str, port: int, security: Security, ca_file: Path | None
) -> Distrust | None:
    """Return why a server (`imap`, `smtp`) is not trusted by this file, None if it is, or if there
    is nothing to judge: no TLS, nobody who answers. Nobody logs in.
    """
    if security == "none":
        return None
    try:
        with contextlib.ExitStack() as opened:
            _open(service, host, port, security, context_for(ca_file), opened)
    except ssl.SSLCertVerificationError as error:
        return why_untrusted(error, f"{service}.ca_file")
    except _TROUBLE:
        return None
    return None


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as a person compares it: `fingerprint` is its SHA-256, in hexadecimal digits,
    `pem` the very certificate. `names` and `issuer` are empty if it is past its time.
    """

    fingerprint: str
    pem: str
    names: tuple[str, ...] = ()
    issuer: str = ""
    is_its_own: bool = False


def show_certificate(service: str, host: str, port: int, security: Security) -> Shown | None:
    """Return what a server shows, whoever vouches for it, None if it shows nothing. That proves
    nothing: nobody logs in on this connection, and a person must compare it.
    """
    if security == "none":
        return None
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    try:
        with contextlib.ExitStack() as opened:
            raw = _open(service, host, port, security, blind, opened).getpeercert(binary_form=True)
    except _TROUBLE:
        return None
    if raw is None:
        return None
    fingerprint, pem = hashlib.sha256(raw).hexdigest(), ssl.DER_cert_to_PEM_cert(raw)
    # Python tells what stands in a certificate only where it was verified: here by itself.
    itself = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    itself.check_hostname = False
    itself.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        itself.load_verify_locations(cadata=raw)
        with contextlib.ExitStack() as opened:
            shown = _open(service, host, port, security, itself, opened).getpeercert() or {}
    except _TROUBLE:
        return Shown(fingerprint, pem)
    subject, issuer = shown.get("subject", ()), shown.get("issuer", ())
    names = tuple(str(one[1]) for one in shown.get("subjectAltName", ()))
    names = names or (_called(subject),)
    return Shown(fingerprint, pem, names, _called(issuer), subject == issuer)


def _called(name: Any) -> str:
    """Return how a person would call the holder of a certificate, empty if nothing is told."""
    parts: Mapping[str, str] = dict(pair for each in name for pair in each)
    told = (parts.get(field, "") for field in ("commonName", "organizationName"))
    return ", ".join(one for one in dict.fromkeys(told) if one)


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
        opened.callback(_end, imap)
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


def _end(imap: imaplib.IMAP4) -> None:
    # Where the certificate was refused its line is closed already: nothing to be told instead.
    with contextlib.suppress(OSError):
        imap.shutdown()


def _instant(text: object) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), UTC)
