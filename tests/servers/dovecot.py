"""A throw-away Dovecot 2.3: IMAP, IMAPS, LMTP and SASL on loopback, without root.

Every user name exists, with the password `secret`; a test takes a fresh one (`account()`) and
has a mailbox of its own. What a test asserts is read here with imaplib, never through the
program under test.
"""

import contextlib
import grp
import imaplib
import itertools
import os
import re
import shutil
import smtplib
import subprocess
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imapclient import imap_utf7

from tests.servers import process
from tests.servers.process import HOST, ServerMissingError
from tests.servers.throwaway import Throwaway

PACKAGES = "dovecot-imapd dovecot-lmtpd"
SPECIAL_USE = ("Sent", "Drafts", "Junk", "Trash", "Archive")

_CONFIG = """\
base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/dovecot.log
protocols = imap lmtp
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_process_limit = 300
# Without root nothing can change its root directory.
service anvil {{
  chroot =
  # No growing delay for 127.0.0.1 after the refused logins that tests provoke.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  user = {user}
  inet_listener lmtp {{
    address = {host}
    port = {lmtp_port}
  }}
}}
service auth {{
  # For Postfix: smtpd_sasl_path = inet:127.0.0.1:port
  inet_listener sasl {{
    address = {host}
    port = {sasl_port}
  }}
}}
ssl = yes
ssl_cert = <{base}/tls/cert.pem
ssl_key = <{base}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login{token_mechanisms}
auth_username_format = %Lu
auth_failure_delay = 0
{token_check}passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u allow_all_users=yes
}}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mailbox_list_index = no
protocol imap {{
  mail_max_userip_connections = 100
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
namespace inbox {{
  inbox = yes
  separator = /
{special_use}}}
"""

# With an identity server, who shows a token of it is let in as well.
_TOKEN_CHECK = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.ext
}}
"""
_INTROSPECTION = """\
introspection_url = {url}/introspect?token=
introspection_mode = get
username_attribute = email
active_attribute = active
active_value = true
force_introspection = yes
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the server holds it."""

    uid: int
    flags: frozenset[str]
    internal_date: datetime
    raw: bytes


class Dovecot(Throwaway):
    """A running server."""

    name = "Dovecot"
    logs = ("out", "dovecot.log")
    user = "support@example.test"
    password = "secret"
    # The folders that every mailbox has, named after what they are for.
    special_use: tuple[str, ...] = SPECIAL_USE

    def __init__(self, identity_url: str = "") -> None:
        """`identity_url` is that of an identity server whose tokens are taken beside passwords."""
        self._program = process.require_program("dovecot", PACKAGES)
        self._identity_url = identity_url
        if not Path("/usr/lib/dovecot/lmtp").exists():
            raise ServerMissingError(
                f"Dovecot's lmtp is not installed; run: apt-get install {PACKAGES}"
            )
        super().__init__()
        self.imap_port, self.imaps_port, self.lmtp_port, self.sasl_port = process.free_ports(4)
        self._numbers = itertools.count(1)

    @property
    def ca_file(self) -> Path:
        """The self-signed certificate; its names are `localhost` and 127.0.0.1."""
        return self.base / "tls" / "cert.pem"

    @property
    def key_file(self) -> Path:
        return self.base / "tls" / "key.pem"

    def _make(self) -> None:
        user, uid, gid = process.unprivileged()
        for name in ("mail", "tls"):
            (self.base / name).mkdir()
        make_certificate(self.ca_file, self.key_file)
        roles = "".join(
            f"  mailbox {name} {{\n    auto = subscribe\n    special_use = \\{name}\n  }}\n"
            for name in self.special_use
        )
        (self.base / "dovecot.conf").write_text(
            _CONFIG.format(
                base=self.base,
                host=HOST,
                user=user,
                group=_group_name(gid),
                uid=uid,
                gid=gid,
                password=self.password,
                imap_port=self.imap_port,
                imaps_port=self.imaps_port,
                lmtp_port=self.lmtp_port,
                sasl_port=self.sasl_port,
                special_use=roles,
                token_mechanisms=" xoauth2 oauthbearer" if self._identity_url else "",
                token_check=_TOKEN_CHECK.format(base=self.base) if self._identity_url else "",
            )
        )
        introspection = _INTROSPECTION.format(url=self._identity_url)
        (self.base / "oauth2.ext").write_text(introspection)
        if os.getuid() == 0:
            for path in (self.base / "mail", self.base / "tls", self.key_file):
                os.chown(path, uid, gid)

    def _command(self) -> list[str]:
        # A stale anvil-auth-penalty socket of the last run makes every login wait for ever.
        shutil.rmtree(self.base / "run", ignore_errors=True)
        return [self._program, "-F", "-c", str(self.base / "dovecot.conf")]

    def _greets(self) -> bool:
        return process.answers(self.imap_port, b"* OK") and process.answers(self.lmtp_port, b"220")

    def account(self, user: str | None = None) -> "Account":
        """Return a mailbox; by default one that nobody has used yet."""
        return Account(self, user or f"user{next(self._numbers)}@example.test")

    # The mailbox of the first user, for tests that need only one.
    def deliver(self, raw: bytes, rcpt: str | None = None) -> None:
        Account(self, rcpt or self.user).deliver(raw)

    def messages(self, folder: str = "INBOX") -> list[Stored]:
        return Account(self, self.user).messages(folder)

    def folders(self) -> list[str]:
        return Account(self, self.user).folders()


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox on the server, seen from outside the program under test."""

    server: Dovecot
    user: str

    @property
    def password(self) -> str:
        return self.server.password

    def deliver(
        self, raw: bytes, *, sender: str = "customer@example.net", rcpt: str | None = None
    ) -> None:
        """Deliver by LMTP, as mail arrives: Return-Path, Delivered-To and Received are put on top.

        `rcpt` may be a plus address of the user; it lands in the same Inbox.
        """
        with smtplib.LMTP(HOST, self.server.lmtp_port, timeout=20) as lmtp:
            lmtp.sendmail(sender, [rcpt or self.user], raw)

    def file(
        self,
        raw: bytes,
        folder: str = "INBOX",
        *,
        at: datetime | None = None,
        flags: tuple[str, ...] = (),
    ) -> None:
        """Put a message there by APPEND, byte for byte: what a mail client files, or history."""
        stamp = imaplib.Time2Internaldate(at or datetime.now(UTC))
        with self.connection() as imap:
            _done(imap.append(_quoted(folder), f"({' '.join(flags)})", stamp, raw))

    def lay(self, mails: Iterable[tuple[bytes, datetime]], folder: str = "INBOX") -> None:
        """Write messages into the server's store, as a mailbox looks that has stood for years: for
        more of them than can be delivered. The date is their INTERNALDATE.
        """
        where = self._maildir(folder)
        owner = process.unprivileged()[1:]
        for path in (where.parent, where, *(where / name for name in ("cur", "new", "tmp"))):
            if not path.exists():
                path.mkdir(parents=True)
                if os.getuid() == 0:
                    os.chown(path, *owner)
        for number, (raw, at) in enumerate(mails):
            path = where / "cur" / f"{int(at.timestamp())}.M{number}.laid,S={len(raw)}:2,"
            path.write_bytes(raw)
            os.utime(path, (at.timestamp(), at.timestamp()))
            if os.getuid() == 0:
                os.chown(path, *owner)

    def messages(self, folder: str = "INBOX") -> list[Stored]:
        """Return what the folder holds, by UID; looking changes no flag."""
        with self.connection() as imap:
            _done(imap.select(_quoted(folder), readonly=True))
            data = _done(imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])"))
        return sorted(
            (_stored(item) for item in data if isinstance(item, tuple)), key=lambda it: it.uid
        )

    def folders(self) -> list[str]:
        """Return the names of all folders, sorted."""
        with self.connection() as imap:
            lines = _done(imap.list())
        return sorted(_folder_name(line) for line in lines if isinstance(line, bytes))

    def create(self, folder: str) -> None:
        with self.connection() as imap:
            _done(imap.create(_quoted(folder)))

    def flag(self, folder: str, uid: int, flag: str) -> None:
        """Set a flag, as a colleague's mail client does."""
        with self.connection() as imap:
            _done(imap.select(_quoted(folder)))
            _done(imap.uid("STORE", str(uid), "+FLAGS.SILENT", f"({flag})"))

    def move(self, folder: str, uid: int, target: str) -> None:
        """Move a message, as a colleague's mail client does."""
        with self.connection() as imap:
            _done(imap.select(_quoted(folder)))
            _done(imap.uid("MOVE", str(uid), _quoted(target)))

    def expunge(self, folder: str, uid: int) -> None:
        """Delete a message for good, as a colleague's mail client does."""
        with self.connection() as imap:
            _done(imap.select(_quoted(folder)))
            _done(imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
            _done(imap.uid("EXPUNGE", str(uid)))

    def delete(self, folder: str) -> None:
        with self.connection() as imap:
            _done(imap.delete(_quoted(folder)))

    def change_uidvalidity(self, folder: str = "INBOX") -> None:
        """Make the server forget its UIDs: messages are numbered anew under another UIDVALIDITY."""
        where, header, _ = self._uids(folder)
        header = re.sub(r"\bV(\d+)", lambda old: f"V{int(old[1]) + 7}", header)
        self._number(where, re.sub(r"\bN\d+", "N1", header) + "\n")

    def skip_uids(self, folder: str, last: int) -> None:
        """Let the next message have the UID after `last`, as in a mailbox that had so many."""
        where, header, messages = self._uids(folder)
        self._number(where, re.sub(r"\bN\d+", f"N{last + 1}", header) + "\n" + messages)

    def _uids(self, folder: str) -> tuple[Path, str, str]:
        """Return the folder's place, and what the server has noted there: itself, its messages."""
        where = self._maildir(folder)
        header, _, messages = (where / "dovecot-uidlist").read_text().partition("\n")
        return where, header, messages

    @staticmethod
    def _number(where: Path, uidlist: str) -> None:
        (where / "dovecot-uidlist").write_text(uidlist)
        for index in where.glob("dovecot.index*"):
            index.unlink()

    def _maildir(self, folder: str) -> Path:
        maildir = self.server.base / "mail" / self.user / "Maildir"
        return maildir if folder == "INBOX" else maildir / f".{folder}"

    @contextlib.contextmanager
    def connection(self) -> Iterator[imaplib.IMAP4]:
        """Log in with the standard library's client; log out in the end."""
        with imaplib.IMAP4(HOST, self.server.imap_port, timeout=20) as imap:
            _done(imap.login(self.user, self.password))
            yield imap


def make_certificate(certificate: Path, key: Path, names: str = "") -> None:
    """Make a self-signed certificate for `localhost` and 127.0.0.1, or for the names given."""
    openssl = process.require_program("openssl", "openssl")
    names = names or f"DNS:localhost,IP:{HOST}"
    command = f"""
        {openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30
        -keyout {key} -out {certificate} -subj /CN=localhost -addext subjectAltName={names}
    """
    subprocess.run(textwrap.dedent(command).split(), check=True, capture_output=True)


def _group_name(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _done(reply: tuple[str, Any]) -> Any:
    kind, data = reply
    if kind != "OK":
        raise AssertionError(f"the test's own IMAP command failed: {data!r}")
    return data


def _quoted(folder: str) -> str:
    encoded: bytes = imap_utf7.encode(folder)
    return '"' + encoded.decode("ascii").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _folder_name(line: bytes) -> str:
    # * LIST (\HasNoChildren \Sent) "/" Sent
    name = line.split(b' "/" ', 1)[1].strip(b'"')
    decoded: str = imap_utf7.decode(name)
    return decoded


def _stored(item: tuple[bytes, bytes]) -> Stored:
    about, raw = item
    uid = re.search(rb"\bUID (\d+)", about)
    flags = re.search(rb"\bFLAGS \(([^)]*)\)", about)
    date = re.search(rb'INTERNALDATE "([^"]+)"', about)
    assert uid is not None
    assert flags is not None
    assert date is not None
    return Stored(
        uid=int(uid[1]),
        # RFC 9051 dropped \\Recent: it says which session looked first, not what anybody did.
        flags=frozenset(flags[1].decode("ascii").split()) - {"\\Recent"},
        internal_date=datetime.strptime(
            date[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z"
        ).astimezone(UTC),
        raw=raw,
    )
