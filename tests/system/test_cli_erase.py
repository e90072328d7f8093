"""`person erase` on a real mailbox: not a byte of what was planted is left in the data folder."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, Outcome, a_config, end, imap_of, smtp_of

USAGE, DATA, UNAVAILABLE = 64, 65, 69
ADA = "zqaddress@example.net"
PLANTED = ("zqaddress", "zqname", "zqsubject", "zqbody", "zqfile", "zqcontent")
SAID = "My zqbody number is 123456, please do look into it."
HERS = f"""\
From: Zqname Lovelace <{ADA}>
To: support@example.test
Subject: zqsubject of mine
Message-ID: <zq1@example.net>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

{SAID}
--b
Content-Type: text/plain; name="zqfile.txt"
Content-Disposition: attachment; filename="zqfile.txt"

zqcontent of the file
--b--
"""
ANSWER = f"""\
From: support@example.test
To: Zqname Lovelace <{ADA}>
Subject: Re: zqsubject of mine
Message-ID: <a1@example.test>
In-Reply-To: <zq1@example.net>

It is lost.

On Saturday Zqname Lovelace wrote:
> {SAID}
"""
BRUNO = f"""\
From: Bruno <bruno@example.org>
To: support@example.test
Subject: Wrong parcel
Message-ID: <b1@example.org>

Was it {ADA} who got my parcel?

On Saturday Zqname Lovelace wrote:
> {SAID}
"""


TO_BOTH = f"""\
From: support@example.test
To: Zqname Lovelace <{ADA}>
Cc: bruno@example.org
Subject: Please swap
Message-ID: <a2@example.test>

Both of you: please swap.
"""


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    log = "digest: {to: [support@example.test], at: '00:00'}"
    installation.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account), log))
    assert installation.call("run", "--once").code == 0
    for raw, folder in ((HERS, "INBOX"), (ANSWER, "Sent"), (BRUNO, "INBOX")):
        account.file(raw.replace("\n", "\r\n").encode(), folder)
    assert installation.call("run", "--once").code == 0
    return installation


def traces(here: Installation) -> set[str]:
    """Return where in the data folder, or in the log, something that was planted stands."""
    return {
        f"{path.name}: {one}"
        for path in (*here.data.rglob("*"), here.folder / "run.log")
        if path.is_file()
        for one in PLANTED
        if one.encode() in path.read_bytes().lower()
    }


def told(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_not_a_byte_is_left_and_nothing_brings_it_back(here: Installation) -> None:
    assert {one.partition(": ")[2] for one in traces(here)} == {*PLANTED}
    would = told(here.call("person", "erase", ADA, "--dry-run", "--json"))
    unasked = here.call("person", "erase", ADA)
    ours = here.call("person", "erase", "support@example.test", "--yes")
    assert (unasked.code, ours.code) == (USAGE, USAGE)
    assert "--yes" in unasked.err
    assert "address of ours" in ours.err
    assert traces(here)

    done = told(here.call("person", "erase", ADA, "--yes", "--json"))

    assert traces(here) == set()
    chain = told(here.call("audit", "--chain", "--json"))
    assert (chain["wrong"], chain["unsealed"], chain["erased"] > 0) == (0, 0, True)
    assert (done["messages"], done["files"], done["quotes"]) == (2, 1, 1)
    assert {**would, "dry_run": False, "stays": done["stays"]} == done
    since = (datetime.now(UTC) - timedelta(days=9)).date().isoformat()
    for command in (
        ("run", "--once"),
        ("audit", "--repair"),
        ("backfill", "--since", since),
        ("rebuild", "--force"),
        ("audit", "--since", since),
    ):
        outcome = here.call(*command)
        assert outcome.code == 0, (command, outcome.out, outcome.err)
        # What was put aside is no part of the records any more; that it lies there is told.
        for aside in here.data.glob("maildaemon.db.*"):
            aside.unlink()
        assert traces(here) == set(), command
    assert here.call("run", "--once").code == 0
    assert here.call("person", "erase", ADA, "--yes").code == USAGE
    bruno = here.call("messages", "show", "b1@example.org")
    assert "Was it [erased] who got my parcel?" in bruno.out
    with closing(sqlite3.connect(here.data / "maildaemon.db")) as database, database:
        database.execute("UPDATE event SET event = 'x' WHERE seal IS NOT NULL")
    forged = here.call("audit", "--chain")
    assert forged.code == DATA, (forged.out, forged.err)
    assert "was changed, taken out or put in (broken)" in forged.out


def test_beside_a_running_daemon(here: Installation, account: Account) -> None:
    with here.running() as daemon:
        wait_until(lambda: "mailbox.started" in here.log or "daemon.started" in here.log, 30, "it")
        told(here.call("person", "erase", ADA, "--yes", "--json"))
        account.file(HERS.replace("\n", "\r\n").encode(), "INBOX")
        wait_until(lambda: "message.filed" in here.log, 30, "her mail turns up again")
        assert end(daemon) == 0

    assert traces(here) == set()


def _lies(account: Account, folder: str) -> list[tuple[str, bool]]:
    """Return the Message-IDs in a folder, and whether each is flagged as deleted."""
    return [
        (str(message_from_bytes(one.raw)["Message-ID"]), "Deleted" in str(one.flags))
        for one in account.messages(folder)
    ]


def _place_of(account: Account, folder: str, message_id: str) -> int:
    (uid,) = [
        one.uid
        for one in account.messages(folder)
        if message_from_bytes(one.raw)["Message-ID"] == message_id
    ]
    return uid


def test_in_the_mailbox_what_was_between_her_and_us_goes_and_nothing_else(
    here: Installation, account: Account
) -> None:
    account.file(TO_BOTH.replace("\n", "\r\n").encode(), "Sent")
    assert here.call("run", "--once").code == 0
    # Somebody has flagged a mail of another customer, and not made up his mind yet.
    account.flag("INBOX", _place_of(account, "INBOX", "<b1@example.org>"), "\\Deleted")
    before = {folder: _lies(account, folder) for folder in ("INBOX", "Sent")}

    would = told(here.call("person", "erase", ADA, "--in-mailbox", "--dry-run", "--json"))

    assert {folder: _lies(account, folder) for folder in ("INBOX", "Sent")} == before
    goes = {one["message_id"] for one in would["in_mailbox"] if one["why_not"] is None}
    stays = {one["message_id"]: one["why_not"] for one in would["in_mailbox"] if one["why_not"]}
    assert {"zq1@example.net", "a1@example.test"} <= goes
    assert stays == {"a2@example.test": "others take part: bruno@example.org"}

    done = told(here.call("person", "erase", ADA, "--in-mailbox", "--yes", "--json"))

    assert done["in_mailbox"] == [
        *(one for one in would["in_mailbox"] if one["why_not"] is None),
        *(one for one in would["in_mailbox"] if one["why_not"]),
    ]
    for folder, found in before.items():
        assert _lies(account, folder) == [one for one in found if one[0].strip("<>") not in goes]
    assert ("<b1@example.org>", True) in _lies(account, "INBOX")
    since = (datetime.now(UTC) - timedelta(days=9)).date().isoformat()
    for command in (
        ("run", "--once"),
        ("audit", "--since", since),
        ("backfill", "--since", since),
        ("rebuild", "--force"),
        ("audit", "--since", since),
    ):
        outcome = here.call(*command)
        assert outcome.code == 0, (command, outcome.out, outcome.err)
    for path in here.data.glob("maildaemon.db.*"):
        path.unlink()  # the database that `rebuild` has put aside
    assert traces(here) == set()


def test_while_the_numbers_of_the_mailbox_are_not_known_the_records_stay(
    here: Installation, account: Account
) -> None:
    account.change_uidvalidity("INBOX")
    before = _lies(account, "INBOX")

    would = here.call("person", "erase", ADA, "--in-mailbox", "--dry-run")
    outcome = here.call("person", "erase", ADA, "--in-mailbox", "--yes")

    assert "the records would stay" in would.err
    assert outcome.code == UNAVAILABLE
    assert _lies(account, "INBOX") == before
    assert "the server has numbered the folder anew" in outcome.out
    assert "run --once" in outcome.err
    assert "<a1@example.test>" not in dict(_lies(account, "Sent"))
    assert traces(here)

    assert here.call("run", "--once").code == 0
    again = here.call("person", "erase", ADA, "--in-mailbox", "--yes")

    assert again.code == 0, again.err
    assert "<zq1@example.net>" not in dict(_lies(account, "INBOX"))
    assert traces(here) == set()


def test_while_the_server_is_down_nothing_is_erased_and_the_same_call_does_it_later(
    here: Installation, account: Account
) -> None:
    text = here.config.read_text()
    here.config.write_text(text.replace(str(account.server.imap_port), "1"))

    failed = here.call("person", "erase", ADA, "--in-mailbox", "--yes")

    assert failed.code not in {0, USAGE}
    assert traces(here)
    here.config.write_text(text)
    assert here.call("person", "erase", ADA, "--in-mailbox", "--yes").code == 0
    assert traces(here) == set()
    assert "<zq1@example.net>" not in dict(_lies(account, "INBOX"))
