"""TLS with any server: whom we trust, and in plain words why one is not trusted, or speaks none."""

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# What OpenSSL says where the file that an operator can name would help: X509_V_ERR_…
# UNABLE_TO_GET_ISSUER_CERT, DEPTH_ZERO_SELF_SIGNED_CERT, SELF_SIGNED_CERT_IN_CHAIN,
# UNABLE_TO_GET_ISSUER_CERT_LOCALLY, UNABLE_TO_VERIFY_LEAF_SIGNATURE.
_ISSUER_UNKNOWN = frozenset({2, 18, 19, 20, 21})
_OUT_OF_DATE = frozenset({9, 10})  # CERT_NOT_YET_VALID, CERT_HAS_EXPIRED
_OTHER_NAME = frozenset({62, 64})  # HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH

# What it says of an answer that is no TLS at all.
NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})

# RFC 5321 §4.2, RFC 9051 §7.1: how servers greet.
_GREETINGS = {
    "smtp": re.compile(rb"[245]\d\d[ -]"),
    "imap": re.compile(rb"\* (OK|PREAUTH|BYE)\b", re.IGNORECASE),
}
# Seconds; some SMTP servers hold their greeting back, for those who cannot wait are no customers.
GREETS_WITHIN = 8.0


def context_for(ca_file: Path | None) -> ssl.SSLContext:
    """Return what verifies certificate and name of a server, by the certificates of this file in
    place of the system's. OSError if the file cannot be used.

    All connections share it, until the certificates change: those of a system take 0.8 MB and as
    long to read as a mail to parse. Nobody may change it.
    """
    paths = ssl.get_default_verify_paths()
    sources = (ca_file,) if ca_file else (paths.cafile, paths.capath)
    return _context_by(ca_file, tuple(_mark_of(one) for one in sources if one))


def _mark_of(path: str | Path) -> tuple[int, ...]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=8)
def _context_by(ca_file: Path | None, _marks: tuple[tuple[int, ...], ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if ca_file is not None:
        # As newer versions of Python have it by themselves: the file may hold the certificate of
        # the server itself, and not of who issued it.
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return context


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why a server is not trusted and what to do; `by_file`: a file of certificates would help."""

    what: str
    advice: str
    by_file: bool


def why_untrusted(error: ssl.SSLCertVerificationError, option: str) -> Distrust:
    """Return it in plain words; `option` names the file of certificates."""
    what = f"answers, but its certificate is not trusted: {error.verify_message}"
    if error.verify_code in _OTHER_NAME:
        advice = "write the host as one of the names that its certificate is for"
        return Distrust(what, advice, by_file=False)
    if error.verify_code in _OUT_OF_DATE:
        advice = "have who runs the server renew it, if the clock of this machine is right"
        return Distrust(what, advice, by_file=False)
    advice = f"if it is the right server, and the certificate its own, name that as `{option}`"
    return Distrust(what, advice, by_file=error.verify_code in _ISSUER_UNKNOWN)


def greets_as(connect: Callable[[], socket.socket]) -> str:
    """Return which service (`imap`, `smtp`) greets in the clear where TLS was expected, empty if
    that is not to be known. What to connect with gives up by itself.
    """
    with suppress(OSError), connect() as connection:
        greeting = connection.recv(512)
        return next((name for name, known in _GREETINGS.items() if known.match(greeting)), "")
    return ""
