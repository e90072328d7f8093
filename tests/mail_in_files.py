"""A shop's mailbox as it lies in files: an mbox, a Maildir, or a folder of messages; Inbox and Sent."""

import mailbox
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

File = tuple[str, str, bytes]


@dataclass(slots=True)
class MailInFiles:
    """Mails of one shop in the order in which they were written, each named by a word (`asked`),
    at a time of the wall clock in `zone`. What is written from `ours` lies in Sent.
    """

    ours: str
    zone: str
    _inbox: list[EmailMessage] = field(default_factory=list)
    _sent: list[EmailMessage] = field(default_factory=list)

    def comes(
        self,
        at: str,
        name: str,
        author: str,
        subject: str,
        text: str,
        *,
        to: str = "",
        answers: str = "",
        files: Iterable[File] = (),
        **fields: str,
    ) -> None:
        """Somebody writes to the shop; `fields` are others of the header."""
        mail = self._mail(at, name, author, to or self.ours, subject, text, answers)
        for field_name, value in fields.items():
            mail[field_name.replace("_", "-")] = value
        for filename, media_type, content in files:
            main, _, sub = media_type.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=filename)
        address = author.rpartition("<")[2].rstrip(">")
        mail["Return-Path"] = f"<{address}>"
        mail["Received"] = f"from mx.{address.partition('@')[2]} by mail.example; {mail['Date']}"
        self._inbox.append(mail)

    def goes(
        self, at: str, name: str, to: str, text: str, *, answers: str = "", subject: str = ""
    ) -> None:
        """One of the shop writes to somebody."""
        if not subject:
            asked = next(one for one in self._all if one["Message-ID"] == _id(answers))
            subject = f"Re: {asked['Subject']}"
        self._sent.append(self._mail(at, name, self.ours, to, subject, text, answers))

    def as_mbox(self, folder: Path) -> None:
        """Write it as Thunderbird keeps it."""
        folder.mkdir()
        for path, mails in ((folder / "Inbox", self._inbox), (folder / "Sent", self._sent)):
            box = mailbox.mbox(path)
            for one in mails:
                box.add(one)
            box.close()

    def as_one_file(self, path: Path) -> None:
        """Write it as archives are, what came and what went in one."""
        box = mailbox.mbox(path)
        for one in self._all:
            box.add(one)
        box.close()

    def as_maildir(self, folder: Path) -> None:
        """Write it as a server keeps it."""
        inbox = mailbox.Maildir(folder)
        for box, mails in ((inbox, self._inbox), (inbox.add_folder("Sent"), self._sent)):
            for one in mails:
                box.add(one)

    def as_messages(self, folder: Path) -> None:
        """Write it as files that somebody has dragged out of his mail program."""
        for name, mails in ((".", self._inbox), ("sent", self._sent)):
            (folder / name).mkdir()
            for one in mails:
                path = folder / name / f"{one['Message-ID'].strip('<>')}.eml"
                path.write_bytes(one.as_bytes(policy=SMTP))

    @property
    def _all(self) -> list[EmailMessage]:
        return [*self._inbox, *self._sent]

    def _mail(
        self, at: str, name: str, author: str, to: str, subject: str, text: str, answers: str
    ) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = author, to, subject
        local = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(self.zone))
        mail["Date"] = format_datetime(local)
        mail["Message-ID"] = _id(name)
        if answers:
            mail["In-Reply-To"] = mail["References"] = _id(answers)
        mail.set_content(text)
        return mail


def _id(name: str) -> str:
    return f"<{name}@mail.example>"
