"""Two real daemons that know nothing of each other, on one mailbox of a real Dovecot."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of


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
def test_of_two_installations_on_one_mailbox_one_stands_still_until_the_other_is_stopped(
    tmp_path: Path, account: Account, filing_sink: SmtpSink
) -> None:
    one, other = (an_installation(tmp_path / n, account, filing_sink) for n in ("one", "other"))
    with one.running() as first, other.running() as second:
        daemons = {one.folder: first, other.folder: second}
        for each in (one, other):
            wait_logged(each, "mailbox.started")

        account.deliver(a_letter_of("bert"))
        # Whoever sees what the other has sent; both, if they were equally fast.
        wait_until(lambda: any("brake.set" in it.log for it in (one, other)), 60, "brake.set")
        stands = one if "brake.set" in one.log else other
        account.deliver(a_letter_of("clara"))
        wait_queued(stands)

        assert brakes(stands) == ["other_installation"]
        assert stands.log.count("brake.set") == 1
        assert len([it for it in filing_sink.accepted() if "bert" in it.rcpt_to[0]]) <= 2
        assert len([it for it in filing_sink.accepted() if "clara" in it.rcpt_to[0]]) <= 1

        assert end(daemons.pop(other.folder if stands is one else one.folder)) == 0
        assert "released other_installation" in stands.call("resume").out
        wait_until(
            lambda: ("clara@example.net",) in [mail.rcpt_to for mail in filing_sink.accepted()],
            60,
            "Clara is acknowledged",
        )
        assert brakes(stands) == []
        assert end(daemons.pop(stands.folder)) == 0
