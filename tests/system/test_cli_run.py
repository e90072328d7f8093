"""`maildaemon run` as a process: it starts, works, ends in order, and stands alone."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.dovecot import Account
from tests.servers.postgres import Postgres
from tests.servers.process import free_ports, wait_until
from tests.servers.relay import Fault, Relay
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    A_FILE_IN_A_LETTER,
    Installation,
    a_config,
    a_letter,
    end,
    imap_of,
    smtp_of,
)
from tests.system.test_cli_http import ask

TEMPORARY, UNAVAILABLE = 75, 69


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    installation.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account)))
    return installation


def test_from_init_to_the_first_answer(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path, cold=True)
    server = account.server
    flags = {
        "--address": "support@example.test",
        "--imap-host": f"localhost:{server.imap_port}",
        "--smtp-host": f"localhost:{tls_sink.port}",
        "--username": account.user,
        "--password-file": tmp_path / "password",
    }
    made = here.call("init", *(part for flag in flags.items() for part in flag))
    assert made.code == 0, made.err
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    security = f"security: starttls, ca_file: {server.ca_file}, host"
    text = here.config.read_text().replace("mode: shadow", "mode: live")
    here.config.write_text(text.replace("{host", f"{{{security}"))

    checked = here.call("check", "--connect")
    assert checked.code == 0, checked.out
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("first"))
    assert here.call("run", "--once").code == 0

    [sent] = tls_sink.accepted()
    assert sent.rcpt_to == ("anna@example.net",)


def test_status_says_at_once_that_no_daemon_is_running(here: Installation) -> None:
    never = here.call("status")
    with here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        alive = here.call("status")
        told = json.loads(here.call("status", "--json").out)
        process.kill()
        process.wait(30)
    dead = here.call("status")

    assert never.out.startswith("! no daemon is running: nothing is read, and nothing is sent\n")
    assert "no daemon is running" not in alive.out
    assert told["running"] is True
    assert "no daemon is running" in dead.out
    assert dead.code == 0, (
        "it is judged by the age of the last success: `run --once` comes and goes"
    )
    assert json.loads(here.call("status", "--json").out)["running"] is False


def test_what_the_process_before_achieved_with_another_password_is_not_told_of_this_one(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    [port] = free_ports(1)
    with Relay(account.server.imap_port) as relay:
        text = a_config(imap_of(account, port=relay.port), smtp_of(tls_sink, account))
        shown = text.replace("mode: live", f"mode: live, http: {{port: {port}}}")
        here.config.write_text(shown)
        with here.running() as process:
            wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
            wait_until(lambda: "✓ support" in here.call("status").out, 30, "its success is noted")
            end(process)
        here.environment["SUPPORT_PASSWORD"] = "wrong"
        relay.break_next(Fault("stall", "down", 0))
        with here.running():
            wait_until(lambda: here.log.count("daemon.started") == 2, 30, "the second one runs")
            begun, told = here.call("status"), json.loads(here.call("status", "--json").out)
            code, health = ask(port, "/healthz")
            page = ask(port, "/")[1]
            relay.cut()
            wait_until(lambda: "refused the login" in here.log, 30, "the server has answered")
            refused = here.call("status")
            second = here.log.rpartition("daemon.started")[2]

    assert begun.out.startswith("! support (live)\n"), "neither well nor unwell"
    assert re.search(r"IMAP +last success: not since the start \d+ s ago; before it, ", begun.out)
    assert "  ! the mailbox has not been read yet since the start " in begun.out
    assert begun.code == 0
    assert told["began_at"] == told["in_force"]["since"] > told["imap"]["last_success_at"]
    [trouble] = json.loads(health)["mailboxes"][0]["troubles"]
    assert (code, trouble["what"].partition(" since")[0]) == (
        200,
        "the mailbox has not been read yet",
    )
    assert "<title>maildaemon: just begun</title>" in page
    assert "  ✗ IMAP: " in refused.out
    assert refused.code == UNAVAILABLE
    assert "support.watch" not in second, "nobody knocks on a second door"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    here: Installation, account: Account, tls_sink: SmtpSink, number: signal.Signals
) -> None:
    with here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        account.deliver(a_letter("second"))
        tls_sink.wait_accepted(1, 30)

        assert end(process, number) == 0
    assert here.log.rstrip().endswith("daemon.stopped")


def test_a_second_ctrl_c_ends_it_at_once(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    with here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        tls_sink.plan("DOT", "stall")
        account.deliver(a_letter("third"))
        wait_until(lambda: "DOT" in tls_sink.commands, 30, "the server owes an answer")

        process.send_signal(signal.SIGINT)
        wait_until(lambda: "daemon.stopping" in here.log, 10, "the daemon ends")

        assert end(process, signal.SIGINT) == -signal.SIGINT


def test_a_hang_up_never_ends_a_service(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    with here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "config.reloaded" in here.log, 30, "the signal is answered")
        account.deliver(a_letter("after-the-signal"))
        tls_sink.wait_accepted(1, 30)

        assert end(process) == 0


def opened(pipe: Path, ends: list[int]) -> bool:
    """Tell whether somebody reads from a pipe; `ends` gets our end of it."""
    try:
        ends.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def test_a_hang_up_while_it_starts_is_kept_until_it_runs(here: Installation) -> None:
    text = here.config.read_text()
    here.config.unlink()
    os.mkfifo(here.config)
    ends: list[int] = []
    with here.running() as process:
        wait_until(lambda: opened(here.config, ends), 30, "the configuration is being read")
        process.send_signal(signal.SIGHUP)
        with os.fdopen(ends.pop(), "w") as config:
            config.write(text)
        here.config.unlink()
        here.config.write_text(text)
        wait_until(lambda: "config.reloaded" in here.log, 30, "the configuration is read again")
        assert end(process) == 0


def test_it_ends_in_order_with_the_window_it_was_started_in(here: Installation) -> None:
    window, terminal = os.openpty()
    with here.running(stdin=terminal, start_new_session=True) as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        here.config.write_text(here.config.read_text() + "limits: {burst: 19}\n")
        changed = here.call("status").out
        os.close(terminal)
        process.send_signal(signal.SIGHUP)  # as the kernel does

        assert process.wait(30) == 0
    os.close(window)
    assert "what to do: end `maildaemon run` and start it again\n" in changed
    assert "window.closed" in here.log
    assert here.log.rstrip().endswith("daemon.stopped")


def test_nobody_else_may_read_what_it_writes(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    # An operator's own `mkdir var` leaves the folder open to everybody.
    here.data.mkdir(mode=0o755)
    assert here.call("run", "--once").code == 0
    header = ("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
    account.deliver(a_letter("private", "Form", A_FILE_IN_A_LETTER, *header))
    assert here.call("run", "--once").code == 0

    mine = [path for path in here.data.rglob("*") if path.is_file() and path.name != "lock"]
    assert {path.name for path in mine} >= {"maildaemon.db", "key"}
    assert {oct(path.stat().st_mode & 0o777) for path in mine} == {"0o600"}


def test_a_full_disk_is_said_as_such_and_may_pass(here: Installation) -> None:
    here.data.mkdir()
    (here.data / "lock").symlink_to("/dev/full")

    outcome = here.call("run", "--once")

    assert outcome.code == TEMPORARY
    assert outcome.err == (
        f"error: cannot write {here.data}/lock: no space left on device\n"
        "  what to do: try again later: this may pass by itself\n"
    )


def test_two_of_them_never_share_a_data_folder(here: Installation) -> None:
    with here.running() as process:
        wait_until(lambda: "daemon.started" in here.log, 30, "the daemon runs")

        second = here.call("run", "--once")

    assert second.code == TEMPORARY
    assert f"another maildaemon is running (process {process.pid})" in second.err
    assert "what to do: stop it first" in second.err


def test_two_of_them_never_share_an_sqlite_file(here: Installation) -> None:
    config = here.config.read_text()
    elsewhere = config.replace("service: {", "service: {data_dir: elsewhere, ", 1)
    assert elsewhere != config
    (here.folder / "another.yaml").write_text(elsewhere)
    with here.running():
        wait_until(lambda: "daemon.started" in here.log, 30, "the daemon runs")

        second = here.call("--config", "another.yaml", "run", "--once")

    assert second.code == TEMPORARY
    assert "only one may work on this database" in second.err


@pytest.mark.postgresql
def test_a_database_that_comes_up_later_than_we_is_waited_for(
    here: Installation, postgres: Callable[[], Postgres]
) -> None:
    server = postgres()
    url = server.url(server.empty())
    with Relay(server.port) as relay:
        relay.refuse()
        through = url.replace(f":{server.port}/", f":{relay.port}/")
        local = "sqlite:///var/maildaemon.db"
        here.config.write_text(here.config.read_text().replace(local, through))
        with here.running() as process:
            wait_until(lambda: "start.delayed" in here.log, 30, "it is waited for")
            relay.refuse(refusing=False)
            wait_until(lambda: "daemon.started" in here.log, 60, "the daemon runs")
            assert end(process) == 0
        relay.refuse()
        (here.folder / "run.log").write_text("")
        with here.running() as process:
            wait_until(lambda: "start.delayed" in here.log, 30, "it is waited for")
            assert end(process) == 0


def test_only_the_loops_that_are_named_run(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("fourth"))

    assert here.call("run", "--once", "--only", "receive", "--only", "process").code == 0
    assert tls_sink.accepted() == []
    assert here.call("run", "--once", "--only", "deliver").code == 0
    assert len(tls_sink.accepted()) == 1


def test_a_lost_key_is_no_silent_matter_once_there_are_records(here: Installation) -> None:
    first = here.call("run", "--once")
    assert (first.code, "key.made_anew" in first.err) == (0, False)
    key = here.data / "key"
    assert str(key) not in here.call("check").out
    key.unlink()

    checked, again, then = here.call("check"), here.call("run", "--once"), here.call("check")

    assert checked.code == 0
    assert f"! warning: {key}: the key is missing, though there are records" in checked.out
    assert "restore the key from the backup" in checked.out
    assert (again.code, key.exists()) == (0, True)
    [line] = [one for one in again.err.splitlines() if "key.made_anew" in one]
    assert "warning" in line
    assert "restore the key from the backup" in line
    assert str(key) not in then.out
