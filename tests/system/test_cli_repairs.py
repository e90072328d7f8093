"""What an operator does now and then: bring in history, upgrade, find out why nothing moves."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    Installation,
    Outcome,
    a_config,
    a_letter,
    imap_of,
    smtp_of,
)

USAGE, DATA, UNAVAILABLE, TEMPORARY, CONFIG = 64, 65, 69, 75, 78


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    installation.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account)))
    return installation


def objects(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_check_connect_tells_what_it_found(here: Installation) -> None:
    outcome = here.call("check", "--connect", "--json")

    assert outcome.code == 0, outcome.out
    found = {(one["check"], one["result"]): one["what"] for one in objects(outcome)}
    assert set(found) == {
        (check, "ok")
        for check in (
            *("configuration", "mode", "templates", "data_dir", "disk", "database"),
            *("imap", "folders", "idle", "smtp"),
        )
    }
    assert "inbox `INBOX`, sent `Sent`, junk `Junk`, drafts `Drafts`" in found["folders", "ok"]
    assert not here.data.exists()


def test_history_is_recorded_threaded_and_never_answered(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    month_ago = datetime.now(UTC) - timedelta(days=30)
    for name, more in (("old", ()), ("older", ("In-Reply-To: <old@example.net>",))):
        account.file(a_letter(name, "Where?", "Where is it?", *more), at=month_ago)
    since = (month_ago - timedelta(days=1)).date().isoformat()

    outcome = here.call("backfill", "--since", since)

    assert outcome.code == 0, outcome.err
    assert outcome.out == "support: 2 recorded\nsupport: 2 processed\n"
    assert "INBOX: 2 of 2 messages" in outcome.err
    [thread] = objects(here.call("threads", "list", "--json"))
    assert (thread["messages"], thread["history"]) == (2, True)
    again = here.call("backfill", "--since", since)
    assert again.out == "support: 0 recorded\nsupport: 0 processed\n"
    assert here.call("run", "--once").code == 0
    assert tls_sink.accepted() == []


def test_history_beside_a_running_daemon_is_processed_by_it(
    here: Installation, account: Account
) -> None:
    account.file(a_letter("old"), at=datetime.now(UTC) - timedelta(days=30))

    with here.running():
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        outcome = here.call("backfill", "--since", "2000-01-01")
        wait_until(lambda: "message.filed" in here.log, 30, "the daemon processes it")

    assert outcome.code == 0, outcome.err
    assert outcome.out == "support: 1 recorded\n"
    assert "a daemon is running" in outcome.err


def test_what_is_missing_in_the_records_is_named_by_audit_and_recorded_by_it(
    here: Installation, account: Account
) -> None:
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("lost"))
    assert here.call("run", "--once").code == 0
    with closing(sqlite3.connect(here.data / "maildaemon.db")) as database, database:
        database.execute("UPDATE inbound SET uid = 99")

    found = here.call("audit", "--json")
    mended = here.call("audit", "--repair")

    assert found.code == DATA, found.err
    finding, gone, total = objects(found)
    assert (finding["finding"], finding["wrong"], finding["folder"], finding["uid"]) == (
        *("missing", True, "INBOX", 1),
    )
    assert (finding["message_id"], gone["finding"]) == ("lost@example.net", "gone")
    assert (total["listed"], total["wrong"], total["repaired"]) == (1, 1, None)
    assert mended.code == 0, mended.err
    assert "it lies in the mailbox and is not recorded (missing)" in mended.out
    assert "1 recorded now\n    nothing is wrong" in mended.out
    assert here.call("audit").code == 0


def test_status_of_a_mailbox_that_was_never_read(here: Installation) -> None:
    outcome = here.call("status", "--json")

    assert outcome.code == UNAVAILABLE
    [report] = objects(outcome)
    assert (report["well"], report["started_at"]) == (False, None)
    assert report["troubles"][0]["severity"] == "unavailable"
    assert not here.data.exists()


def test_status_tells_the_refused_password_and_when_it_is_tried_again(
    here: Installation,
) -> None:
    here.environment["SUPPORT_PASSWORD"] = "wrong"
    assert here.call("run", "--once").code == UNAVAILABLE

    outcome = here.call("status")

    assert outcome.code == UNAVAILABLE
    assert "the server refused the login of" in outcome.out
    assert "tried again in" in outcome.out


def test_status_tells_a_queue_that_does_not_move(here: Installation, account: Account) -> None:
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("waiting"))
    assert here.call("run", "--once", "--only", "receive").code == 0
    _execute(here, "UPDATE inbound SET recorded_at = '2026-01-01 00:00:00'")

    outcome = here.call("status")

    assert outcome.code == TEMPORARY
    assert "1 message not processed, the oldest since" in outcome.out


def test_an_older_schema_is_upgraded_by_a_command_and_never_by_itself(here: Installation) -> None:
    assert here.call("run", "--once").code == 0
    _execute(here, "UPDATE alembic_version SET version_num = '0000'")

    for command in (("run", "--once"), ("threads", "list"), ("status",)):
        outcome = here.call(*command)
        assert outcome.code == CONFIG
        assert "the database is at revision 0000, this version needs" in outcome.err
        assert "maildaemon db upgrade" in outcome.err


def test_the_database_is_made_by_upgrade_and_then_left_alone(here: Installation) -> None:
    made = here.call("db", "upgrade")
    again = here.call("db", "upgrade")

    assert made.out.startswith("the database has come from revision none to ")
    assert again.out.startswith("the database is current (revision ")
    assert here.call("db", "check").code == 0


def _execute(here: Installation, statement: str) -> None:
    database = sqlite3.connect(here.data / "maildaemon.db")
    with database:
        database.execute(statement)
    database.close()
