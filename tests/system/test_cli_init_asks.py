"""`maildaemon init` on a terminal, as whoever sets up her first mailbox meets it."""

import hashlib
import os
import re
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from maildaemon.settings import load_settings
from tests.servers.dovecot import Account, Dovecot, make_certificate
from tests.servers.post import Post
from tests.servers.sink import SmtpSink
from tests.servers.web import Web, web
from tests.system.installation import ROOT, a_letter
from tests.system.terminal import Terminal, terminal

INTERRUPTED, UNAVAILABLE = 130, 69
AUTOCONFIG = "autoconfig.example.test/mail/config-v1.1.xml"


@dataclass(frozen=True, slots=True)
class Person:
    """Sits in an empty folder, in a network that knows the servers of `example.test`."""

    folder: Path
    account: Account
    sink: SmtpSink
    web: Web

    def types(self, *arguments: str, **environment: str) -> AbstractContextManager[Terminal]:
        around = {key: value for key, value in os.environ.items() if "PASSWORD" not in key}
        around |= {"PYTHONPATH": str(ROOT), "TZ": "UTC", "NO_COLOR": "1", "LANG": "C.UTF-8"}
        around |= self.web.environment | environment
        program = (sys.executable, "-m", "maildaemon", "init", *arguments)
        return terminal(program, self.folder, around)

    @property
    def file(self) -> Path:
        return self.folder / "maildaemon.yaml"

    @property
    def servers(self) -> tuple[str, ...]:
        return (
            *("--address", self.account.user),
            *("--display-name", "The Shop"),
            *("--imap-host", f"localhost:{self.account.server.imaps_port}"),
            *("--smtp-host", f"localhost:{self.sink.port}"),
        )

    @property
    def variable(self) -> str:
        return self.account.user.partition("@")[0].upper() + "_PASSWORD"

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def person(tmp_path: Path, account: Account) -> Iterator[Person]:
    server, folder = account.server, tmp_path / "shop"
    folder.mkdir()
    with (
        SmtpSink(
            tmp_path / "accepted.jsonl",
            security="tls",
            certificate=(server.ca_file, server.key_file),
            require_auth=True,
            files_sent=Post(account),
        ) as sink,
        web(tmp_path, "autoconfig.example.test") as pages,
    ):
        trusted = pages.authority.read_bytes() + server.ca_file.read_bytes()
        pages.authority.write_bytes(trusted)
        pages.put(AUTOCONFIG, told(server.imaps_port, sink.port))
        yield Person(folder, account, sink, pages)


def told(imap_port: int, smtp_port: int) -> bytes:
    """Return what the domain says of itself."""
    said = (
        f'<{name} type="{kind}"><hostname>localhost</hostname><port>{port}</port>'
        f"<socketType>SSL</socketType><username>%EMAILADDRESS%</username></{name}>"
        for name, kind, port in (
            ("incomingServer", "imap", imap_port),
            ("outgoingServer", "smtp", smtp_port),
        )
    )
    return f"<clientConfig>{''.join(said)}</clientConfig>".encode()


def test_from_the_address_to_a_mailbox_that_works_with_a_wrong_password_between(
    person: Person,
) -> None:
    with person.types() as at:
        at.answer("Address customers write to", "nobody at all")
        assert "is no mail address; write for example" in at.wait_for("customers write to")
        at.answer("", person.account.user)
        at.answer("Name customers see (Enter: none)", "The Shop")
        at.wait_for("looking for the servers of example.test ...")
        at.wait_for(f"found by {AUTOCONFIG}")
        at.wait_for("localhost is of another domain")
        at.answer(f"IMAP server [localhost:{person.account.server.imaps_port}]", "")
        at.answer(f"SMTP server [localhost:{person.sink.port}]", "")
        who = f"Password of {person.account.user}"
        at.answer(f"{who} (not shown, not written anywhere; Enter: later)", "a slip")
        refused = at.wait_for(
            "(not shown, not written anywhere; Enter: another user name, or later)"
        )
        assert "✗ FAILED: IMAP: localhost:" in refused
        assert "the server refused the login" in refused
        assert "(an app password)" in refused
        at.answer("", "secret")
        assert "User name" not in at.wait_for("✓ IMAP: logged in")
        at.wait_for("✓ SMTP: logged in")
        at.answer("Put the sentences that customers read into templates/", "y")
        at.wait_for("wrote maildaemon.yaml: shadow mode, nothing is sent")
        at.answer("itself, to see that it arrives? [y/N]", "y")
        at.wait_for("the mail to ourselves arrived in `INBOX`")
        at.wait_for("Sent: the server files what is sent by itself, in `Sent`")
        assert at.end() == 0

    assert "Traceback" not in at.shown
    assert "secret" not in at.shown
    assert "a slip" not in at.shown
    for line in ("✓ user", "IMAP: logged in", "IDLE is offered", "SMTP: the server takes mail"):
        assert line in at.plain, at.plain
    # Each line of what was checked has its sign.
    checked = at.plain.partition("nothing is sent\n")[2].partition("Send a mail")[0].splitlines()
    assert [one for one in checked if not re.match(r"[✓✗!] |    what to do|  ", one)] == []
    settings = load_settings(person.file)
    [mailbox] = settings.mailboxes
    assert (mailbox.address, mailbox.display_name) == (person.account.user, "The Shop")
    assert mailbox.imap.port == person.account.server.imaps_port
    assert stat.S_IMODE(person.file.stat().st_mode) == 0o600
    assert "secret" not in person.file.read_text()
    assert "# What customers see as the sender" in person.file.read_text()
    words = (person.folder / "templates" / "it" / "words.txt").read_text()
    assert "\n# greeting: " in words
    assert person.left == ["maildaemon.yaml", "templates", "var"]


@pytest.mark.parametrize("changed", [False, True])
def test_the_name_that_the_server_signs_with_is_written_if_a_person_says_that_it_is_hers(
    person: Person, *, changed: bool
) -> None:
    for number in range(10):
        signed = (
            f"Authentication-Results: mx.example.test; spf=pass smtp.mailfrom=x{number}.example"
        )
        letter = a_letter(f"n{number}", "S", "Hello", signed)
        person.account.deliver(letter.replace(b"@example.net", b"@x%d.example" % number))
    with person.types(*person.servers) as at:
        at.answer("Password", "secret")
        at.wait_for("Is `mx.example.test` your own mail server, to be believed? [y/N]: ")
        if changed:
            person.file.write_text(person.file.read_text() + "# mine\n")
        at.type("y")
        at.wait_for("was changed meanwhile" if changed else "wrote it into maildaemon.yaml")
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.authserv_id == (None if changed else "mx.example.test")
    assert stat.S_IMODE(person.file.stat().st_mode) == 0o600
    assert ("# mine" in person.file.read_text()) is changed
    assert person.left == ["maildaemon.yaml"]


def test_flags_leave_only_the_password_to_be_asked_for(person: Person) -> None:
    with person.types(*person.servers) as at:
        at.answer("Password", "secret")
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    assert "Address" not in at.shown
    assert "SMTP: the server takes mail from us" in at.plain
    assert person.web.asked == []


def test_the_password_may_wait_in_its_variable(person: Person) -> None:
    variable = person.variable
    with person.types(*person.servers, **{variable: "secret"}) as at:
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    assert f"the password is the one of the environment variable {variable}" in at.plain
    assert "read -rs" not in at.plain
    assert "SMTP: the server takes mail from us" in at.plain


def test_it_can_be_put_off_and_then_nobody_logs_in(person: Person) -> None:
    person.sink.commands.clear()
    with person.types(*person.servers) as at:
        at.answer("Password", "")
        assert at.end() == 0

    assert "maildaemon check --connect" in at.plain
    assert "logging in" not in at.plain
    assert "AUTH" not in person.sink.commands
    assert person.file.exists()


def test_a_server_that_is_not_there_can_be_corrected_or_left(person: Person) -> None:
    wrong = [*person.servers]
    wrong[5] = "localhost:1"
    with person.types(*wrong) as at:
        at.answer("Password", "secret")
        assert "connection refused" in at.wait_for("Try again, change the servers, or write it")
        at.wait_for(": ")
        at.type("servers")
        at.answer("IMAP server [localhost:1]", person.servers[5])
        at.answer(f"SMTP server [{person.servers[7]}]", "localhost:2")
        assert "SMTP: localhost:2" in at.wait_for("Try again, change the servers, or write it")
        at.wait_for(": ")
        at.type("again")
        at.wait_for("Try again, change the servers, or write it")
        at.wait_for(": ")
        at.type("write")
        assert at.end() == UNAVAILABLE

    assert "✗ " in at.plain
    variable = person.variable
    assert at.plain.partition("next:\n")[2].splitlines() == [
        "  mend what FAILED above; what can be changed of it stands in maildaemon.yaml",
        f"  read -rs {variable} && export {variable}     # type the password, then Enter",
        "  maildaemon check --connect",
        "  maildaemon run",
    ]
    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    assert mailbox.smtp.port == 2


def test_a_slip_that_no_machine_is_called_by_is_asked_for_again(person: Person) -> None:
    with person.types(*person.servers[:6]) as at:
        at.answer("SMTP server", "y")
        at.answer("no machine is called `y` here; write for example", person.servers[7])
        at.answer("Password", "")
        assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    assert mailbox.smtp.host == "localhost"


def test_a_server_that_is_none_for_this_is_told_from_the_greeting(person: Person) -> None:
    turned = [*person.servers]
    turned[5], turned[7] = turned[7], turned[5]
    with person.types(*turned) as at:
        at.answer("Password", "secret")
        assert "this is an SMTP server" in at.wait_for("Try again, change the servers, or write")
        at.wait_for(": ")
        at.type("servers")
        at.answer(f"IMAP server [{turned[5]}]", turned[7])
        at.answer("SMTP server", turned[7])
        assert "this is an IMAP server" in at.wait_for("Try again, change the servers, or write")
        at.leave("\x03")

    assert person.left == []


def test_what_was_not_given_is_asked_for_and_the_user_name_only_where_the_usual_is_refused(
    person: Person, account: Account
) -> None:
    shop = ("--address", "shop@example.test", "--imap-host", person.servers[5])
    with person.types(*shop, "--smtp-host", person.servers[7]) as at:
        at.answer("Name customers see (Enter: none)", "The Shop")
        at.answer("Password of shop@example.test", "a slip")
        at.answer("another user name, or later", "")
        at.answer("User name [shop@example.test]", account.user)
        at.answer(f"Password of {account.user}", "secret")
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert (mailbox.display_name, mailbox.address) == ("The Shop", "shop@example.test")
    assert mailbox.imap.username == account.user


# Certificates


ASKED = "Is it the same? (yes, or a file of certificates (PEM) to trust; Enter: no)"


def test_a_server_with_a_certificate_of_its_own_is_compared_and_trusted_before_the_password_goes(
    person: Person, tmp_path: Path
) -> None:
    server = person.account.server
    raw = ssl.PEM_cert_to_DER_cert(server.ca_file.read_text())
    (person.folder / "localhost.pem").write_text("of another server")
    with person.types(*person.servers, SSL_CERT_FILE=str(stranger(tmp_path))) as at:
        told = at.wait_for(ASKED)
        untrusted = (
            "answers, but its certificate is not trusted: self-signed certificate. It is for"
        )
        assert f"IMAP: localhost:{server.imaps_port}: {untrusted} localhost" in told
        assert "issued by itself" in told
        fingerprint = told.partition("SHA-256 fingerprint ")[2].partition("\r\n")[0]
        assert bytes.fromhex(fingerprint.replace(":", "")) == hashlib.sha256(raw).digest()
        at.wait_for(": ")
        at.type("y")
        at.answer("type `yes` in full if the fingerprint is the same", "yes")
        at.wait_for("SMTP: it is trusted by localhost.pem")
        at.answer("Password", "secret")
        at.wait_for("✓ IMAP: logged in")
        at.wait_for("✓ SMTP: logged in")
        assert person.left == ["localhost.pem"], "nothing is written before the end"
        at.wait_for("wrote localhost-2.pem: a certificate that is trusted now")
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    assert "FAILED: SMTP" not in at.plain
    own, file = person.folder / "localhost-2.pem", person.file.read_text()
    assert own.read_text() == ssl.DER_cert_to_PEM_cert(raw)
    assert stat.S_IMODE(own.stat().st_mode) == 0o644
    assert file.count("ca_file: localhost-2.pem") == 2
    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    assert mailbox.imap.ca_file == mailbox.smtp.ca_file == own
    assert (person.folder / "localhost.pem").read_text() == "of another server"


def test_a_file_that_was_given_may_vouch_for_the_server_instead(
    person: Person, tmp_path: Path
) -> None:
    (person.folder / "own.pem").write_bytes(person.account.server.ca_file.read_bytes())
    with person.types(*person.servers, SSL_CERT_FILE=str(stranger(tmp_path))) as at:
        at.answer(ASKED, "nowhere.pem")
        at.answer("nowhere.pem cannot be read: no such file or directory", "maildaemon.yaml.pem")
        at.answer("maildaemon.yaml.pem cannot be read", "own.pem")
        at.wait_for("SMTP: it is trusted by own.pem")
        at.answer("Password", "secret")
        at.answer("itself, to see that it arrives?", "n")
        assert at.end() == 0

    assert person.file.read_text().count("ca_file: own.pem") == 2
    assert sorted(one for one in person.left if one.endswith(".pem")) == ["own.pem"]


def test_each_server_with_a_certificate_of_its_own_is_confirmed_by_itself(
    person: Person, tmp_path: Path
) -> None:
    certificate = stranger(tmp_path)
    with SmtpSink(
        tmp_path / "other.jsonl",
        security="tls",
        certificate=(certificate, certificate.with_suffix(".key")),
        require_auth=True,
    ) as sink:
        person = replace(person, sink=sink)
        with person.types(*person.servers, SSL_CERT_FILE=str(stranger(tmp_path, "o"))) as at:
            at.answer(ASKED, "yes")
            assert f"SMTP: localhost:{sink.port}: answers, but" in at.wait_for(ASKED)
            at.wait_for(": ")
            at.type("yes")
            at.answer("Password", "secret")
            at.answer("itself, to see that it arrives?", "n")
            assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    files = {mailbox.imap.ca_file, mailbox.smtp.ca_file}
    assert files == {person.folder / "localhost.pem", person.folder / "localhost-2.pem"}
    assert mailbox.smtp.ca_file is not None
    assert mailbox.smtp.ca_file.read_text() == certificate.read_text()


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_whoever_leaves_after_saying_yes_finds_no_certificate(
    person: Person, tmp_path: Path, key: str
) -> None:
    strange = {"SSL_CERT_FILE": str(stranger(tmp_path)), "TMPDIR": str(tmp_path)}
    with person.types(*person.servers, **strange) as at:
        at.answer(ASKED, "yes")
        at.wait_for("Password")
        at.wait_for(": ")
        assert at.leave(key) == INTERRUPTED

    assert person.left == []
    assert [*tmp_path.glob("maildaemon-*")] == []


def test_nobody_gets_past_a_certificate_that_is_not_trusted(person: Person, tmp_path: Path) -> None:
    person.sink.commands.clear()
    with person.types(*person.servers, SSL_CERT_FILE=str(stranger(tmp_path))) as at:
        at.answer(ASKED, "")
        at.answer(ASKED, "")
        at.answer("Password", "secret")
        at.answer("Try again, change the servers, or write it as it is?", "again")
        at.answer(ASKED, str(stranger(tmp_path)))
        at.answer(ASKED, "")
        at.answer(ASKED, "")
        at.answer("Try again, change the servers, or write it as it is?", "write")
        assert at.end() == UNAVAILABLE

    # What the check says in the end, it says of each server.
    assert at.plain.count("SHA-256 fingerprint") >= 8
    for service, port in (("imap", person.account.server.imaps_port), ("smtp", person.sink.port)):
        lines = [*enumerate(person.file.read_text().splitlines(), 1)]
        [line] = [number for number, text in lines if text.startswith(f"    {service}: ")]
        said = " ".join(at.plain.split())
        assert f"write `ca_file: server.pem` at `{service}` (maildaemon.yaml:{line})" in said
        command = f"openssl s_client -connect localhost:{port} </dev/null | openssl x509 -out "
        assert f"(`{command}server.pem`" in said
        # What it says to type, as a shell in that folder takes it.
        shell = ["sh", "-c", f"{command}server.pem"]
        subprocess.run(shell, cwd=person.folder, check=True, capture_output=True, timeout=60)
        saved, shown = (person.folder / "server.pem", person.account.server.ca_file)
        assert ssl.PEM_cert_to_DER_cert(saved.read_text()) == ssl.PEM_cert_to_DER_cert(
            shown.read_text()
        )
    assert "AUTH" not in person.sink.commands
    assert "mend what FAILED above" in at.plain
    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    assert mailbox.smtp.ca_file is None


def test_a_file_for_one_server_is_not_forced_upon_one_that_the_system_trusts(
    person: Person, tmp_path: Path
) -> None:
    certificate, server = stranger(tmp_path), person.account.server
    flag = ("--ca-file", str(server.ca_file))
    key = certificate.with_suffix(".key")
    with SmtpSink(
        tmp_path / "other.jsonl", security="tls", certificate=(certificate, key), require_auth=True
    ) as sink:
        person = replace(person, sink=sink)
        with person.types(*person.servers, *flag, SSL_CERT_FILE=str(certificate)) as at:
            at.wait_for("SMTP: it is trusted by the certificates of the system")
            at.answer("Password", "secret")
            at.answer("itself, to see that it arrives?", "n")
            assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.smtp is not None
    assert (mailbox.imap.ca_file, mailbox.smtp.ca_file) == (server.ca_file, None)


def stranger(folder: Path, name: str = "stranger") -> Path:
    """Return a certificate for `localhost` that no server of the others shows."""
    certificate = folder / f"{name}.pem"
    if not certificate.exists():
        make_certificate(certificate, certificate.with_suffix(".key"))
    return certificate


class Plain(Dovecot):
    special_use = ()


def test_a_mailbox_without_a_usual_folder_of_sent_mail_is_asked_about(person: Person) -> None:
    with Plain() as server:
        account = server.account()
        account.create("Gone out")
        trusted = person.web.authority.read_bytes() + server.ca_file.read_bytes()
        person.web.authority.write_bytes(trusted)
        person = replace(person, account=account)
        with person.types(*person.servers) as at:
            at.answer("Password", "secret")
            assert "no folder of sent mail was found" in at.wait_for("The folder of sent mail")
            at.wait_for(": ")
            at.type("Gone")
            assert "the folders are: Gone out" in at.wait_for("The folder of sent mail")
            at.wait_for(": ")
            at.type("Gone out")
            at.answer("itself, to see that it arrives?", "")
            assert at.end() == 0

    [mailbox] = load_settings(person.file).mailboxes
    assert mailbox.imap.sent == "Gone out"


@pytest.mark.parametrize("key", ["\x03", "\x04"])
@pytest.mark.parametrize("question", ["Address customers write to", "Password"])
def test_whoever_leaves_finds_nothing_written(person: Person, key: str, question: str) -> None:
    given = person.servers if question == "Password" else ()
    with person.types(*given) as at:
        at.wait_for(question)
        at.wait_for(": ")
        assert at.leave(key) == INTERRUPTED

    assert "nothing was written" in at.plain
    assert "Traceback" not in at.plain
    assert person.left == []


def test_ctrl_c_while_a_server_keeps_silent_writes_nothing(person: Person) -> None:
    person.web.pages[AUTOCONFIG] = None
    address = ("--address", person.account.user, "--display-name", "")
    with person.types(*address) as at:
        at.wait_for("looking for the servers")
        assert at.leave("\x03") == INTERRUPTED

    assert person.left == []


def test_what_is_there_is_never_lost(person: Person) -> None:
    person.file.write_text("mine")
    (person.folder / "maildaemon.yaml.old").write_text("older")
    with person.types(*person.servers) as at:
        assert at.end() == 64
    assert person.file.read_text() == "mine"

    with person.types(*person.servers, "--force", "--offline") as at:
        assert at.end() == 0

    assert "what was there is maildaemon.yaml.old2 now" in at.plain
    assert (person.folder / "maildaemon.yaml.old").read_text() == "older"
    assert (person.folder / "maildaemon.yaml.old2").read_text() == "mine"


def test_what_came_there_meanwhile_is_not_replaced(person: Person) -> None:
    with person.types(*person.servers) as at:
        at.wait_for("Password")
        person.file.write_text("mine")
        at.wait_for(": ")
        at.type("")
        assert at.end() == 78

    assert "file exists" in at.plain
    assert person.file.read_text() == "mine"
    assert person.left == ["maildaemon.yaml"]


@pytest.mark.parametrize("closed", ["<&-", "</dev/null"])
def test_without_a_terminal_nobody_is_asked(person: Person, closed: str) -> None:
    command = f'"{sys.executable}" -m maildaemon init --address a@example.test {closed}'
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=person.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 64
    assert "--imap-host, --smtp-host missing" in done.stderr
    assert person.left == []
