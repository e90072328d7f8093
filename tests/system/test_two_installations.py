"""Two real daemons that know nothing of each other, on one mailbox of a real Dovecot."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account, Dovecot
from tests.servers.process import wait_until
from tests.servers.sink import SentFolder, SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of


@pytest.fixture
def filing_sink(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[SmtpSink]:
    """An SMTP server that files what it sends, as the large providers do."""
    with SmtpSink(
        tmp_path / "accepted.jsonl",
        security="starttls",
        certificate=(dovecot.ca_file, dovecot.key_file),
        require_auth=True,
        files_sent=SentFolder(dovecot.imap_port, account.user),
    ) as server:
        yield server


def an_installation(folder: Path, account: Account, sink: SmtpSink) -> Installation:
    folder.mkdir()
    installation = Installation(folder)
    installation.config.write_text(a_config(imap_of(account), smtp_of(sink, account)))
    return installation


def status(one: Installation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.call("status", "--json").out)
    return found


def brakes(one: Installation) -> list[str]:
    return [brake["brake"] for brake in status(one)["brakes"]]


def wait_logged(one: Installation, event: str) -> None:
    wait_until(lambda: event in one.log, 60, event)


def wait_queued(one: Installation) -> None:
    wait_until(lambda: status(one)["outbox"]["queued"] >= 1, 60, "a mail is queued")


def a_letter_of(person: str) -> bytes:
    return a_letter(person).replace(b"anna@example.net", f"{person}@example.net".encode())


@pytest.mark.timeout(180)
def test_two_installations_on_one_mailbox_stand_still_until_one_is_stopped(
    tmp_path: Path, account: Account, filing_sink: SmtpSink
) -> None:
    one, other = (an_installation(tmp_path / n, account, filing_sink) for n in ("one", "other"))
    with one.running() as first, other.running() as second:
        for each in (one, other):
            wait_logged(each, "mailbox.started")

        account.deliver(a_letter_of("bert"))
        for each in (one, other):
            wait_logged(each, "brake.set")
        answered = len(filing_sink.accepted())
        account.deliver(a_letter_of("clara"))
        for each in (one, other):
            wait_queued(each)

        assert [brakes(each) for each in (one, other)] == [["other_installation"]] * 2
        assert [each.log.count("brake.set") for each in (one, other)] == [1, 1]
        assert answered <= 2
        assert len(filing_sink.accepted()) == answered

        assert end(second) == 0
        assert "released other_installation" in one.call("resume").out
        wait_until(
            lambda: ("clara@example.net",) in [mail.rcpt_to for mail in filing_sink.accepted()],
            60,
            "Clara is acknowledged",
        )
        assert brakes(one) == []
        assert end(first) == 0
