"""Steering on a real server, with a second client as staff."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_folders import WantedFolders
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.domain.control import Control
from tests.servers.dovecot import Account, Dovecot
from tests.service.clients import Letter
from tests.service.shop import Shop, a_mail


class Office:
    """The daemon's steps on a mailbox at a real server."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.account = account
        self.shop = Shop(folder, control=Control(keywords=True, folders=True))
        self.shop.at = datetime.now(UTC)
        server = ImapServer(
            "localhost",
            account.server.imap_port,
            "none",
            account.user,
            lambda: account.password,
            ca_file=None,
        )
        self.imap = ImapMailbox(server, WantedFolders(control=True), keywords=True)
        self.shop.mailbox = self.imap  # type: ignore[assignment]
        self.round()

    def round(self) -> None:
        for _ in range(2):
            self.shop.wait(seconds=1)
            self.shop.round()

    def keywords(self, folder: str = "INBOX") -> list[list[str]]:
        return [sorted(one.flags) for one in self.account.messages(folder)]

    @property
    def status(self) -> str:
        return str(self.shop.rows("select status from thread")[0][0])

    def unflag(self, folder: str, uid: int, flag: str) -> None:
        with self.account.connection() as imap:
            imap.select(folder)
            imap.uid("STORE", str(uid), "-FLAGS.SILENT", f"({flag})")


@pytest.fixture
def office(tmp_path: Path, dovecot: Dovecot) -> Iterator[Office]:
    opened = Office(tmp_path, dovecot.account())
    yield opened
    opened.imap.close()
    opened.shop.close()


def test_keywords_that_a_second_client_sets_and_takes_off(office: Office) -> None:
    office.account.deliver(a_mail(date=office.shop.at))
    office.round()
    assert office.keywords() == [["$Waiting"]]
    office.account.flag("INBOX", 1, "$Working")
    office.account.flag("INBOX", 1, "\\Seen")
    office.round()
    assert (office.status, office.keywords()) == ("working", [["$Working", "\\Seen"]])
    office.unflag("INBOX", 1, "$Working")
    office.round()
    assert (office.status, office.keywords()) == ("open", [["$Waiting", "\\Seen"]])
    office.account.file(Letter("Thunderbird", office.shop.at).raw, "Sent", at=office.shop.at)
    office.round()

    assert (office.status, office.keywords()) == ("pending", [["\\Seen"]])


def test_messages_that_a_second_client_moves_there_and_back(office: Office) -> None:
    office.account.deliver(a_mail(date=office.shop.at))
    office.round()
    assert [one for one in office.account.folders() if one.startswith("Support/")] == [
        "Support/No-auto",
        "Support/Resolved",
        "Support/Urgent",
        "Support/Working",
    ]
    office.account.move("INBOX", 1, "Support/Resolved")
    office.round()
    assert (office.status, office.keywords("Support/Resolved")) == ("resolved", [["$Resolved"]])
    office.account.move("Support/Resolved", 1, "INBOX")
    office.round()

    assert (office.status, office.keywords()) == ("open", [["$Waiting"]])
