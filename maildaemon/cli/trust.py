"""A server whose certificate is not trusted: what it shows, so that a person can compare it, and
the file that vouches for it. There is no way around it.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from maildaemon.errors import OperatorError, UntrustedError
from maildaemon.services.check import Finding

if TYPE_CHECKING:
    from maildaemon.adapters.certificates import Shown
    from maildaemon.settings import MailboxSettings

_IN_A_GROUP = 8


def with_certificate(finding: Finding, mailbox: "MailboxSettings") -> Finding:
    """Add to what was found of a server what it shows, if it is not trusted; the server is asked
    once more for that.
    """
    from maildaemon.adapters.certificates import show_certificate

    if not isinstance(finding.error, UntrustedError):
        return finding
    server = dict(mailbox.servers)[finding.check]
    shown = show_certificate(finding.check, server.host, server.port, server.security.value)
    if shown is None:
        return finding
    what = f"{finding.what}. {_described(shown)}"
    if not finding.error.by_file:
        return replace(finding, what=what)
    starttls = f" -starttls {finding.check}" if server.security.value == "starttls" else ""
    advice = (
        "ask whoever runs the server for its fingerprint, by telephone rather than by mail. If it "
        "is this one, save the last certificate that `openssl s_client -connect "
        f"{server.host}:{server.port}{starttls} -showcerts` shows, from BEGIN to END, as a file "
        f"(or have one given), and name it as `{finding.check}.ca_file`"
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


def trusted_by(service: str, mailbox: "MailboxSettings", files: list[Path | None]) -> Path | None:
    """Return the first of these files by which the server is trusted (None stands for what the
    system trusts); LookupError if it is by none of them.
    """
    from maildaemon.adapters.certificates import read_certificate

    server = dict(mailbox.servers)[service]
    for file in files:
        if read_certificate(service, server.host, server.port, server.security.value, file):
            return file
    raise LookupError(service)


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
