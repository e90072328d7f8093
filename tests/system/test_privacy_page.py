"""docs/privacy.md: its configuration is the one it runs with, and every command of it is run."""

from email import message_from_bytes
from pathlib import Path

from tests.pages import ROOT, blocks_of
from tests.servers.dovecot import Account
from tests.servers.sink import SmtpSink
from tests.system.installation import a_letter
from tests.system.reader import Reader, a_shop

BRUNO = a_letter("second").replace(b"anna@example.net", b"bruno@example.org")


def test_every_command_of_the_page_does_what_it_says(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    blocks = blocks_of(ROOT / "docs" / "privacy.md")
    (policy,) = [one.text for one in blocks if one.kind == "yaml"]
    reader: Reader
    with a_shop(tmp_path, account, tls_sink, policy) as reader:
        account.deliver(BRUNO)
        assert reader.here.call("run", "--once").code == 0

        reader.follow(*(one for one in blocks if one.kind == "sh"))

        assert len(reader.typed) >= 5
        assert (tmp_path / "anna.zip").exists()
        assert b"anna@example.net" not in (reader.here.data / "maildaemon.db").read_bytes()
        # One was erased in the mailbox as well.
        authors = [message_from_bytes(one.raw)["From"] for one in account.messages()]
        assert {*authors} == {"Anna Bianchi <anna@example.net>"}
