"""What a server shows is told to a person, and only what vouches for it lets anybody connect."""

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from maildaemon.adapters.certificates import (
    Security,
    read_certificate,
    show_certificate,
    why_distrusted,
)
from maildaemon.adapters.tls import context_for, why_untrusted
from tests.servers.dovecot import Dovecot, make_certificate
from tests.servers.process import HOST, free_ports
from tests.servers.sink import SmtpSink


def fingerprint_of(certificate: Path) -> str:
    raw = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return hashlib.sha256(raw).hexdigest()


def of_an_authority(folder: Path, more: str = "") -> tuple[Path, Path, Path]:
    """Return the certificate of an authority, one that it has issued for localhost, and its key."""
    authority, key = folder / "authority.pem", folder / "authority.key"
    make_certificate(authority, key, "DNS:authority")
    issued, its_key, about = folder / "issued.pem", folder / "issued.key", folder / "about"
    about.write_text(f"basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n{more}\n")
    wish = f"openssl req -newkey rsa:2048 -nodes -keyout {its_key} -subj /O=Shop/CN=mail.shop.test"
    issue = f"openssl x509 -req -CA {authority} -CAkey {key} -days 9 -extfile {about} -out {issued}"
    asked = subprocess.run(wish.split(), check=True, capture_output=True)
    subprocess.run(issue.split(), input=asked.stdout, check=True, capture_output=True)
    return authority, issued, its_key


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_what_nobody_vouches_for_is_shown_to_be_compared(
    dovecot: Dovecot, tls_sink: SmtpSink, security: Security
) -> None:
    port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
    shown = show_certificate("imap", "localhost", port, security)

    assert shown is not None
    assert shown.fingerprint == fingerprint_of(dovecot.ca_file)
    assert (shown.names, shown.issuer) == (("localhost", HOST), "localhost")
    assert shown.is_its_own
    if security == "starttls":
        assert show_certificate("smtp", "localhost", tls_sink.port, security) == shown


def test_where_nothing_is_shown_there_is_nothing_to_compare(dovecot: Dovecot) -> None:
    [nobody] = free_ports(1)
    assert show_certificate("imap", "localhost", nobody, "tls") is None
    assert show_certificate("smtp", "localhost", dovecot.imap_port, "starttls") is None
    assert show_certificate("imap", "localhost", dovecot.imap_port, "none") is None


def test_whom_we_trust_is_read_once_and_again_when_it_has_changed(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    other, key = tmp_path / "other.pem", tmp_path / "other.key"
    make_certificate(other, key, "DNS:localhost")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(other.read_bytes())
    before = context_for(ca_file)
    assert context_for(ca_file) is before
    assert read_certificate("imap", "localhost", dovecot.imaps_port, "tls", ca_file) is None

    ca_file.write_bytes(dovecot.ca_file.read_bytes())

    assert context_for(ca_file) is not before
    assert read_certificate("imap", "localhost", dovecot.imaps_port, "tls", ca_file) is not None
    assert context_for(None) is context_for(None)


@pytest.mark.parametrize("trusted", ["authority", "issued"])
def test_the_file_may_hold_who_issued_it_or_the_certificate_itself(
    tmp_path: Path, trusted: str
) -> None:
    authority, issued, key = of_an_authority(tmp_path)
    file = {"authority": authority, "issued": issued}[trusted]
    with SmtpSink(tmp_path / "log", security="tls", certificate=(issued, key)) as sink:
        assert read_certificate("smtp", "localhost", sink.port, "tls", file) is not None
        assert read_certificate("smtp", "localhost", sink.port, "tls", None) is None
        shown = show_certificate("smtp", "localhost", sink.port, "tls")

    assert shown is not None
    assert (shown.names, shown.issuer, shown.is_its_own) == (("localhost",), "localhost", False)
    assert ssl.PEM_cert_to_DER_cert(shown.pem) == ssl.PEM_cert_to_DER_cert(issued.read_text())


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_why_a_server_is_not_trusted_is_known_without_logging_in(
    dovecot: Dovecot, tls_sink: SmtpSink, security: Security
) -> None:
    port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
    lines = [("imap", port)]
    if security == "starttls":
        lines.append(("smtp", tls_sink.port))
    for service, at in lines:
        untrusted = why_distrusted(service, "localhost", at, security, None)
        assert untrusted is not None
        assert untrusted.by_file
        assert why_distrusted(service, "localhost", at, security, dovecot.ca_file) is None
    assert "AUTH" not in tls_sink.commands


def test_where_there_is_nothing_to_judge_nothing_is_said(dovecot: Dovecot) -> None:
    [nobody] = free_ports(1)
    assert why_distrusted("imap", "localhost", nobody, "tls", None) is None
    assert why_distrusted("imap", "localhost", dovecot.imap_port, "none", None) is None
    assert why_distrusted("imap", "localhost", dovecot.imap_port, "tls", None) is None


def test_of_a_certificate_for_something_else_the_fingerprint_is_shown(tmp_path: Path) -> None:
    _, issued, key = of_an_authority(tmp_path, "extendedKeyUsage=clientAuth")
    with SmtpSink(tmp_path / "log", security="tls", certificate=(issued, key)) as sink:
        shown = show_certificate("smtp", "localhost", sink.port, "tls")

    assert shown is not None
    assert (shown.fingerprint, shown.names) == (fingerprint_of(issued), ())


@pytest.mark.parametrize(
    ("code", "by_file", "advice"),
    [
        (18, True, "name that as `imap.ca_file`"),
        (20, True, "name that as `imap.ca_file`"),
        (10, False, "have who runs the server renew it"),
        (62, False, "write the host as one of the names"),
        (28, False, "name that as `imap.ca_file`"),
    ],
)
def test_a_file_is_asked_for_only_where_it_would_help(
    code: int, by_file: bool, advice: str
) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "so it is"

    found = why_untrusted(error, "imap.ca_file")

    assert found.what == "answers, but its certificate is not trusted: so it is"
    assert found.by_file is by_file
    assert advice in found.advice
