"""What a whole mail server does with mail to one of its own: files it for the sender, and delivers."""

from dataclasses import dataclass

from tests.servers.dovecot import Account


@dataclass(frozen=True, slots=True)
class Post:
    """`SmtpSink(files_sent=Post(account))`: what the sink accepts arrives in the account. `above` is
    written on top of it, as by the server that takes it in.
    """

    account: Account
    folder: str | None = "INBOX"
    files: bool = True
    above: bytes = b""
    within: float = 0.01

    def file(self, raw: bytes) -> None:
        """Deliver it by LMTP, or file it in the folder that it was sorted into."""
        if self.folder == "INBOX":
            self.account.deliver(self.above + raw, sender=self.account.user)
        elif self.folder is not None:
            self.account.file(self.above + raw, self.folder)
        if self.files:
            self.account.file(raw, "Sent", flags=("\\Seen",))
