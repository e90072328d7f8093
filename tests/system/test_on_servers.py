"""The real program with its records on a real PostgreSQL and a real MariaDB, between a real Dovecot
and a real sink.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from unittest.mock import ANY

import pytest

from tests.servers.dovecot import Account
from tests.servers.mariadb import Mariadb
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    Installation,
    a_config,
    a_letter,
    end,
    imap_of,
    smtp_of,
)


@pytest.fixture(params=["postgresql", "mariadb"])
def address(
    request: pytest.FixtureRequest,
    postgres: Callable[[], Postgres],
    mariadb: Callable[[], Mariadb],
    tmp_path: Path,
) -> str:
    """An empty database of a user who must give a password, which stands in a file."""
    return (
        on_mariadb(mariadb(), tmp_path) if request.param == "mariadb" else on_postgresql(postgres())
    )


def on_mariadb(server: Mariadb, folder: Path) -> str:
    server.run(
        "CREATE OR REPLACE USER guarded@127.0.0.1 IDENTIFIED BY 'hush'",
        "SET foreign_key_checks = 0",
        "CREATE OR REPLACE DATABASE shop",
        "GRANT ALL ON shop.* TO guarded@127.0.0.1",
    )
    passwords = folder / "my.cnf"
    passwords.write_text("[client]\npassword = hush\n")
    return f"{server.url('shop', 'guarded')}?read_default_file={passwords}"


def on_postgresql(server: Postgres) -> str:
    with server.connect("postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS guarded")
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'hush'")
        connection.execute("CREATE DATABASE shop OWNER guarded")
    return server.url("shop", "guarded")


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink, address: str) -> Installation:
    installation = Installation(tmp_path)
    config = a_config(imap_of(account), smtp_of(tls_sink, account))
    installation.config.write_text(
        config.replace("sqlite:///var/maildaemon.db", json.dumps(address))
    )
    passwords = tmp_path / "pgpass"
    passwords.write_text("127.0.0.1:*:*:guarded:hush\n")
    passwords.chmod(0o600)
    installation.environment["PGPASSFILE"] = str(passwords)
    installation.data.mkdir()
    return installation


@pytest.mark.campaign
def test_a_day_with_the_records_on_a_server(
    here: Installation, account: Account, tls_sink: SmtpSink, tmp_path: Path
) -> None:
    assert "its tables will be made" in here.call("check").out
    with here.running() as daemon:
        wait_until(lambda: "daemon.started" in here.log, 60, "the daemon runs")
        wait_until(lambda: "mailbox.started" in here.log, 60, "the mailbox has been read")
        account.deliver(a_letter("first"))
        wait_until(lambda: len(tls_sink.accepted()) == 1, 60, "the customer is acknowledged")

        (thread,) = json_lines(here.call("threads", "list", "--json").out)
        assert thread["customer"] == "anna@example.net"
        assert here.call("threads", "show", thread["reference"]).code == 0
        (mail,) = json_lines(here.call("outbox", "list", "--json").out)
        assert mail["state"] == "sent"
        assert "99999999999" not in here.call("messages", "show", "9" * 30).out
        backup = here.call("db", "backup", tmp_path / "copy.dump")
        assert backup.code == 0, backup.err
        assert (tmp_path / "copy.dump").stat().st_size > 1000

        # On another machine it has another data folder, and the same database.
        elsewhere = Installation(tmp_path / "elsewhere", here.environment)
        (elsewhere.data).mkdir(parents=True)
        elsewhere.config.write_text(here.config.read_text())
        second = elsewhere.call("run", "--once")
        assert (second.code, "copy the file `key`" in second.err) == (78, True)
        assert not (elsewhere.data / "key").exists()
        shutil.copy(here.data / "key", elsewhere.data / "key")
        second = elsewhere.call("run", "--once")
        assert (second.code, "another maildaemon works on it" in second.err) == (75, True)
        upgrade = elsewhere.call("db", "upgrade")
        assert (upgrade.code, "another maildaemon is running" in upgrade.err) == (75, True)
        (told,) = json_lines(elsewhere.call("status", "--json").out)
        place = f"{gethostname()}/{daemon.pid}"
        assert told["held_by"] == {"place": place, "since": ANY}
        assert (told["mode"], told["changed"]) == ("live", None), "it has a file of its own"
        elsewhere.config.write_text(here.config.read_text().replace("mode: live", "mode: drafts"))
        other = f"! it runs in live on {place}; the file here says drafts\n"
        assert other in elsewhere.call("status").out
        assert "the file" not in here.call("status").out
        here.config.write_text(here.config.read_text().replace("mode: live", "mode: drafts"))
        assert "! it runs in live; the file says drafts\n" in here.call("status").out
        assert end(daemon) == 0

    status = here.call("status")
    assert status.code == 0, status.err
    assert "no daemon is running" in status.out
    sound = here.call("db", "check")
    assert (sound.code, "is sound" in sound.out) == (0, True), sound.err
    assert "is current" in here.call("db", "upgrade").out


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_the_password_of_the_database_is_shown_nowhere(here: Installation) -> None:
    del here.environment["PGPASSFILE"]
    text = here.config.read_text()
    here.config.write_text(text.replace("guarded@", "guarded:hush@"))
    assert os.environ.get("PGPASSWORD") is None

    said = [here.call("config", "show"), here.call("check"), here.call("status")]
    here.config.write_text(text.replace("guarded@", "guarded:hushed-wrong@"))
    said += [here.call(*words) for words in (("status",), ("run", "--once"), ("db", "check"))]
    said += [here.call("db", "backup", here.folder / "copy.dump")]

    assert all("hush" not in one.out + one.err for one in said)
    assert [one.code for one in said[3:]] == [78] * 4
    assert all("password authentication failed" in one.err for one in said[3:])


def json_lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]
