"""A server whose certificate is not trusted: what it shows, so that a person can compare it, and
the file that vouches for it. There is no way around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from maildaemon.cli.new_file import new_file, safe_name
from maildaemon.errors import OperatorError, UntrustedError
from maildaemon.services.check import Finding

if TYPE_CHECKING:
    from maildaemon.adapters.certificates import Shown
    from maildaemon.settings import MailboxSettings

_IN_A_GROUP = 8
_YES, _NOT_QUITE = "yes", frozenset({"y", "ye", "ok", "j", "ja", "si", "oui"})


def with_certificate(
    finding: Finding, mailbox: "MailboxSettings", place: Callable[[str], str]
) -> Finding:
    """Add to what was found of a server what it shows, if it is not trusted; the server is asked
    once more for that. `place` tells where `imap` or `smtp` stands in the configuration, empty if
    in none yet.
    """
    from maildaemon.adapters.certificates import show_certificate

    if not isinstance(finding.error, UntrustedError):
        return finding
    service = finding.check
    server = dict(mailbox.servers)[service]
    shown = show_certificate(service, server.host, server.port, server.security.value)
    if shown is None:
        return finding
    what = f"{finding.what}. {_described(shown)}"
    if not finding.error.by_file:
        return replace(finding, what=what)
    starttls = f" -starttls {service}" if server.security.value == "starttls" else ""
    where = f" ({found})" if (found := place(service)) else ""
    instead = f", in place of {server.ca_file}" if server.ca_file else ""
    advice = (
        "ask whoever runs the server for its fingerprint, by telephone rather than by mail. If it "
        "is this one, save the certificate (`openssl s_client -connect "
        f"{server.host}:{server.port}{starttls} </dev/null | openssl x509 -out server.pem`, or "
        f"have the file given), and write `ca_file: server.pem` at `{service}`{where}{instead}"
    )
    return replace(finding, what=what, advice=advice)


def _described(shown: "Shown") -> str:
    pairs = [shown.fingerprint[at : at + 2].upper() for at in range(0, len(shown.fingerprint), 2)]
    # In groups, to be read out; and a narrow terminal breaks them there.
    groups = (pairs[at : at + _IN_A_GROUP] for at in range(0, len(pairs), _IN_A_GROUP))
    fingerprint = "SHA-256 fingerprint " + " ".join(":".join(group) for group in groups)
    if not shown.names:
        return f"Its {fingerprint}"
    issuer = "itself" if shown.is_its_own else shown.issuer or "nobody who is named"
    return f"It is for {', '.join(shown.names)}, issued by {issuer}; {fingerprint}"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A server that a file of certificates would make trusted, and what it shows."""

    what: str
    host: str
    pem: str


def doubt_about(service: str, mailbox: "MailboxSettings") -> Doubt | None:
    """Return what a person must compare before this server (`imap`, `smtp`) is logged in to; None
    if it is trusted, or if what is wrong with it is something else.
    """
    from maildaemon.adapters.certificates import show_certificate, why_distrusted

    server = dict(mailbox.servers)[service]
    host, port, security = server.host, server.port, server.security
    why = why_distrusted(service, host, port, security.value, server.ca_file)
    if why is None or not why.by_file:
        return None
    shown = show_certificate(service, host, port, security.value)
    if shown is None:
        return None
    what = f"{service.upper()}: {host}:{port}: {why.what}. {_described(shown)}"
    return Doubt(what, host, shown.pem)


def trusted_by(
    service: str, mailbox: "MailboxSettings", files: Sequence[Path | None]
) -> Path | None:
    """Return the first of these files by which the server is trusted (None stands for what the
    system trusts); LookupError if it is by none of them.
    """
    from maildaemon.adapters.certificates import read_certificate

    server = dict(mailbox.servers)[service]
    for file in files:
        if read_certificate(service, server.host, server.port, server.security.value, file):
            return file
    raise LookupError(service)


@dataclass(frozen=True, slots=True)
class Vouching:
    """The file that a server is trusted by from now on, empty for none. `kept`: it is what the
    server has shown, and gone when the command ends (`put_beside`).
    """

    file: str
    kept: bool = False


def read_vouching(answer: str, doubt: Doubt, folder: Path) -> Vouching:
    """Return what a person has answered: `yes`, a file (as `read_authorities` does), or nothing.
    ValueError if it is none of these.
    """
    said = answer.strip().lower()
    if said in _NOT_QUITE:
        raise ValueError(f"type `{_YES}` in full if the fingerprint is the same")
    if said != _YES:
        return Vouching(read_authorities(answer, folder))
    # Nothing is written beside the configuration before that is.
    own = Path(click.get_current_context().with_resource(TemporaryDirectory(prefix="maildaemon-")))
    file = own / f"{safe_name(doubt.host)}.pem"
    file.write_text(doubt.pem, "ascii")
    return Vouching(str(file), kept=True)


def read_authorities(answer: str, folder: Path) -> str:
    """Return a file of certificates that a person has named, as a configuration in that folder must
    name it; empty for none. ValueError if it is no such file.
    """
    from maildaemon.adapters.certificates import require_authorities

    if not answer.strip():
        return ""
    file = Path(answer.strip()).expanduser()
    try:
        require_authorities(file)
    except OperatorError as error:
        raise ValueError(f"{file} {error.what}") from error
    return str(file if folder.resolve() == Path.cwd() else file.absolute())


def put_beside(kept: Path, folder: Path) -> str:
    """Write a certificate that was kept into the folder of the configuration, for everybody to read
    (0644: it is no secret), under the first name that is free; return the name. OperatorError if
    nothing can be written there.
    """
    try:
        return _put_beside(kept.read_bytes(), folder, kept.stem)
    except OSError as error:
        raise OperatorError(
            f"the certificate cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(folder),
            advice="name a file in a folder that you may write to: --output FILE",
        ) from error


def _put_beside(pem: bytes, folder: Path, stem: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}.pem"
        if not path.exists():
            with new_file(path) as file:
                file.write(pem)
            path.chmod(0o644)
        if path.is_file() and path.read_bytes() == pem:
            return path.name
    raise AssertionError("numbers do not end")
