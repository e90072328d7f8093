"""SIGHUP: a good configuration is taken over in the running process, a bad one changes nothing."""

import json
import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account, Dovecot
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of
from tests.system.ready import Begun

TEMPORARY = 75


class Running:
    """A daemon with a log for machines, and what an operator does to it."""

    def __init__(self, here: Installation, process: "Begun | subprocess.Popen[bytes]") -> None:
        self.here, self.process = here, process

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.here.log.splitlines()]

    def count(self, event: str) -> int:
        return sum(one["event"] == event for one in self.events)

    def wait(self, event: str, count: int = 1) -> dict[str, Any]:
        wait_until(lambda: self.count(event) >= count, 40, f"{event}, {count} times")
        return [one for one in self.events if one["event"] == event][count - 1]

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    write(installation, imap_of(account), smtp_of(tls_sink, account))
    return installation


def write(here: Installation, imap: dict[str, object], smtp: dict[str, object], *more: str) -> None:
    text = a_config(imap, smtp, *more)
    here.config.write_text(text.replace("{mode: live}", "{mode: live, log_format: json}"))


def test_a_changed_configuration_is_taken_over_without_a_restart(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        text = here.config.read_text()
        text = text.replace("address: support@", "display_name: The Shop\n    address: support@")
        here.config.write_text(text + "limits: {per_thread: 2 in 24 hours}\n")

        for _ in range(3):
            daemon.hang_up()
        reloaded = daemon.wait("config.reloaded")
        daemon.wait("daemon.started", 2)
        account.deliver(a_letter("after"))
        [mail] = tls_sink.wait_accepted(1, 30)

        assert end(process) == 0
    assert reloaded["changed"] == "limits.per_thread, mailboxes[support].display_name"
    assert b"The Shop" in mail.raw
    assert daemon.count("config.reloaded") == 1, "several signals at once are one"
    assert "secret" not in here.log


def test_the_supervisor_hears_when_it_is_at_work_reads_anew_and_ends(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(here.folder / "notify"))
        supervisor.settimeout(40)
        monkeypatch.setenv("NOTIFY_SOCKET", str(here.folder / "notify"))

        def hear(word: str) -> str:
            while not (heard := supervisor.recv(999).decode()).startswith(word):
                pass
            return heard

        with here.running() as process:
            daemon = Running(here, process)
            assert hear("READY=1").endswith("STATUS=has yet to read support (live)")
            hear("STATUS=watches support (live)")
            hear("WATCHDOG=1")
            here.config.write_text(here.config.read_text() + "limits: 3\n")
            daemon.wait("daemon.started")
            daemon.hang_up()
            hear("RELOADING=1")
            # With what was in force before.
            assert hear("READY=1").endswith("STATUS=watches support (live)")
            assert end(process) == 0
            hear("STOPPING=1")
    assert daemon.count("config.kept") == 1


def test_a_password_that_was_refused_works_as_soon_as_it_is_put_right(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    word = here.folder / "password"
    word.touch(0o600)
    word.write_text("wrong\n")
    text = here.config.read_text()
    here.config.write_text(text.replace("{env: SUPPORT_PASSWORD}", f"{{file: {word}}}"))
    with here.running() as process:
        daemon = Running(here, process)
        refused = daemon.wait("loop.failed")
        word.write_text("secret\n")
        daemon.hang_up()
        daemon.wait("mailbox.started")
        account.deliver(a_letter("after"))
        tls_sink.wait_accepted(1, 30)

        assert end(process) == 0
    assert "refused the login" in refused["error"]
    assert account.server.log.count(f"1 attempts in 0 secs): user=<{account.user}>") <= 1


def test_a_password_file_that_comes_late_keeps_nothing_down(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    word = here.folder / "password"
    text = here.config.read_text()
    late = text.replace("{env: SUPPORT_PASSWORD}", f"{{file: {word}}}")
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        here.config.write_text(late)
        daemon.hang_up()
        daemon.wait("config.reloaded")
        failed = daemon.wait("loop.failed")
        told = here.call("status").out
        word.touch(0o600)
        word.write_text("secret\n")
        daemon.hang_up()
        daemon.wait("config.reloaded", 2)
        account.deliver(a_letter("after"))
        tls_sink.wait_accepted(1, 30)

        assert end(process) == 0
    absent = f"there is no password file {word}"
    assert absent in failed["error"]
    assert absent in " ".join(told.split())
    assert daemon.count("config.refused") == 0


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (
            ("mode: live", "mode: lively, log_levle: info"),
            ["maildaemon.yaml:1:17: service.mode: ", "maildaemon.yaml:1:25: service.log_levle: "],
        ),
        (("limits:", "service: {}\nlimits:"), ["maildaemon.yaml:8:1: service"]),
        (("mode: live", "mode: live, templates: texts"), ["the template cannot be used"]),
        (("starttls, ca_file: /", "starttls, ca_file: /nowhere/"), ["cannot be read"]),
        (("sqlite:///var/", "sqlite:///maildaemon.yaml/"), ["cannot"]),
        (
            ("{env: SUPPORT_PASSWORD}, poll", "{env: UNSET}, poll"),
            ["the environment variable UNSET is not set"],
        ),
    ],
    ids=["two mistakes", "a key twice", "a template", "certificates", "a database", "a variable"],
)
def test_a_configuration_that_cannot_be_used_is_refused_and_the_old_one_stays(
    here: Installation,
    account: Account,
    tls_sink: SmtpSink,
    change: tuple[str, str],
    problems: list[str],
) -> None:
    good = here.config.read_text()
    texts = here.folder / "texts" / "en"
    texts.mkdir(parents=True)
    (texts / "response.txt").write_text("{% if %}")
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        here.config.write_text((good + "limits: {burst: 19}\n").replace(*change))

        daemon.hang_up()
        daemon.wait("config.kept")
        account.deliver(a_letter("after"))
        tls_sink.wait_accepted(1, 30)
        refused = [one for one in daemon.events if one["event"] == "config.refused"]
        here.config.write_text(good)
        daemon.hang_up()
        assert daemon.wait("config.reloaded")["changed"] == "nothing"

        assert end(process) == 0
    assert len(refused) == len(problems)
    for line, problem in zip(refused, problems, strict=True):
        assert problem in line["problem"], line
    assert daemon.count("config.reloaded") == 1


def test_status_tells_what_runs_whatever_the_file_says(here: Installation) -> None:
    shadow = here.config.read_text().replace("mode: live", "mode: shadow")
    live = shadow.replace("mode: shadow", "mode: live")
    here.config.write_text(shadow)
    take_over = f"what to do: kill -HUP $(cat {here.data}/lock)\n"
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        as_it_is = here.call("status").out
        here.config.write_text(live)
        forgotten, told = here.call("status").out, status_of(here)
        here.config.write_text(shadow + "limits: {burst: 19}\n# of no weight\n")
        changed = here.call("status").out
        here.config.write_text(shadow + "# of no weight\n")
        the_same = status_of(here)

        here.config.write_text(live.replace("mode: live", "mode: live, templates: texts"))
        (here.folder / "texts" / "en").mkdir(parents=True)
        (here.folder / "texts" / "en" / "response.txt").write_text("{% if %}")
        daemon.hang_up()
        daemon.wait("config.kept")
        refused, refusal = here.call("status").out, status_of(here)
        here.config.write_text(live)
        daemon.hang_up()
        daemon.wait("config.reloaded")
        wait_until(lambda: status_of(here)["mode"] == "live", 30, "the new mode is in force")
        taken_over = status_of(here)
        assert end(process) == 0

    assert "support (shadow: nothing is sent)" in as_it_is
    assert "the file" not in as_it_is
    assert "support (shadow: nothing is sent)" in forgotten
    assert f"  ! it runs in shadow; the file says live\n      {take_over}" in forgotten
    assert (told["mode"], told["mode_in_file"], told["changed"]) == ("shadow", "live", True)
    assert "  ! the configuration was changed since the daemon read it\n" in changed
    assert (the_same["changed"], the_same["troubles"]) == (False, []), "a comment is no change"
    assert "the file says live (a changed configuration was refused at 2" in refused
    assert "see the log (config.refused) and `maildaemon check`" in refused
    assert refusal["in_force"]["refused_at"] is not None
    assert (taken_over["changed"], taken_over["in_force"]["refused_at"]) == (False, None)
    assert status_of(here)["in_force"] is None, "nothing runs"
    assert status_of(here)["mode"] == "live"


def status_of(here: Installation) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(here.call("status", "--json").out)
    return told


def test_mailboxes_come_and_go(
    here: Installation, account: Account, tls_sink: SmtpSink, dovecot: Dovecot
) -> None:
    other = dovecot.account()
    text = here.config.read_text()
    second = text[text.index("  - name: support") :].replace("support@", "returns@")
    second = second.replace("name: support", "name: returns", 1).replace(account.user, other.user)
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")

        here.config.write_text(text + second)
        daemon.hang_up()
        assert daemon.wait("config.reloaded")["changed"] == "mailboxes[returns]"
        daemon.wait("mailbox.started", 2)
        other.deliver(a_letter("to-returns").replace(b"support@", b"returns@"))
        [mail] = tls_sink.wait_accepted(1, 30)
        assert mail.mail_from == "returns@example.test"

        here.config.write_text(text)
        daemon.hang_up()
        daemon.wait("config.reloaded", 2)
        daemon.wait("daemon.started", 3)
        other.deliver(a_letter("nobody-reads").replace(b"support@", b"returns@"))
        account.deliver(a_letter("to-support"))
        tls_sink.wait_accepted(2, 30)

        assert end(process) == 0
    assert daemon.count("message.filed") >= 2
    assert {one["mailbox"] for one in daemon.events[-8:] if "mailbox" in one} == {"support"}


def test_the_database_moves_and_its_lock_moves_with_it(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        here.config.write_text(here.config.read_text().replace("///var/", "///moved/"))
        daemon.hang_up()
        daemon.wait("mailbox.started", 2)
        account.deliver(a_letter("to-the-new-one"))
        tls_sink.wait_accepted(1, 30)

        second = here.call("run", "--once")
        status = here.call("status")

        assert end(process) == 0
    assert second.code == TEMPORARY, second.err
    assert f"{here.folder}/moved/lock" in second.err
    assert status.code == 0, status.out
    assert "1 in 24 hours" in status.out


def test_under_load_no_reload_loses_a_mail_or_sends_one_twice(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    customers = 40
    good = here.config.read_text() + "limits: {per_mailbox: 1000 in 1 hour, burst: 100}\n"
    here.config.write_text(good)
    with here.running() as process:
        daemon = Running(here, process)
        daemon.wait("mailbox.started")
        for number in range(customers):
            letter = a_letter(f"c{number}").replace(b"anna@", f"c{number}@".encode())
            account.deliver(letter)
            if number % 10 == 5:
                here.config.write_text(good.replace("100}", f"{100 + number}}}"))
                daemon.hang_up()
                assert here.call("run", "--once").code == TEMPORARY, "the lock was let go"
            if number % 10 == 9:
                # Of two that come while one is under way, the second is no other.
                daemon.wait("config.reloaded", number // 10 + 1)
        tls_sink.wait_accepted(customers, 60)

        assert end(process) == 0
    answered = Counter(mail.rcpt_to for mail in tls_sink.accepted())
    assert answered == Counter({(f"c{number}@example.net",): 1 for number in range(customers)})
    listed = here.call("outbox", "list", "--limit", "0", "--json").out.splitlines()
    assert Counter(json.loads(line)["state"] for line in listed) == {"sent": customers}
