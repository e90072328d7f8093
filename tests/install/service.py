"""What both proofs do with an installed daemon: give it a mailbox, and have it answer a mail."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.dovecot import Account, Dovecot
from tests.servers.sink import SmtpSink
from tests.system.installation import a_config, a_letter, imap_of, smtp_of

ETC = "/etc/maildaemon"
_ANSWERS_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox on a real Dovecot, and a server that takes what is sent."""

    account: Account
    sink: SmtpSink

    def configure(self, etc: Path, data: str) -> None:
        """Write the configuration that is read as `/etc/maildaemon/maildaemon.yaml`; what the
        daemon writes lies in `data`.
        """
        etc.mkdir(mode=0o755, exist_ok=True)
        given = a_config(imap_of(self.account), smtp_of(self.sink, self.account))
        text = given.replace("sqlite:///var/", f"sqlite:///{data}/")
        text = text.replace(str(self.account.server.ca_file), f"{ETC}/ca.pem")
        shutil.copy(self.account.server.ca_file, etc / "ca.pem")
        (etc / "maildaemon.yaml").write_text(text, "utf-8")
        for one in etc.iterdir():
            one.chmod(0o644)

    def ask(self, name: str) -> None:
        """Let somebody of that name write; return once his mail has been acknowledged."""
        before = len(self.sink.accepted())
        self.account.deliver(a_letter(name).replace(b"anna@", f"{name}@".encode()))
        self.sink.wait_accepted(before + 1, _ANSWERS_WITHIN)


@contextmanager
def a_mailbox(folder: Path) -> Iterator[Mailbox]:
    """Give one whose servers live as long as the block."""
    with Dovecot() as dovecot:
        certificate = (dovecot.ca_file, dovecot.key_file)
        with SmtpSink(folder / "sink.log", security="starttls", certificate=certificate) as sink:
            yield Mailbox(dovecot.account(), sink)
