"""The operator's command, and the heartbeat file, on the real machine."""

import json
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildaemon.adapters.alert import CommandAlert
from maildaemon.adapters.installation import HeartbeatFile
from maildaemon.errors import AlertFailedError
from maildaemon.ports.brakes import AlertRow, Beat
from tests.servers.process import wait_until

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ALARM = AlertRow(
    alert_id=1,
    event="brake.set",
    mailbox="support",
    text="support: all automatic mail stands still; $(touch /tmp/no)",
    facts={"brake": "flood"},
    count=2,
    at=AT,
    fence=1,
    failures=0,
)


def a_command(folder: Path, body: str) -> list[str]:
    script = folder / "page me"
    script.write_text(f"#!{sys.executable}\n{body}\n", "utf-8")
    script.chmod(stat.S_IRWXU)
    return [str(script), "--to", "anna; rm -rf x"]


def test_the_command_gets_the_words_on_its_input_and_the_facts_beside_them(tmp_path: Path) -> None:
    body = (
        "import os, sys, json\n"
        f"json.dump([sys.argv[1:], sys.stdin.read(), os.environ['MAILDAEMON_ALERT']], open({str(tmp_path / 'out')!r}, 'w'))"
    )
    CommandAlert(a_command(tmp_path, body)).tell(ALARM)

    arguments, words, facts = json.loads((tmp_path / "out").read_text())
    assert arguments == ["--to", "anna; rm -rf x"]
    assert words == f"{ALARM.text}\n"
    assert json.loads(facts) == {
        "event": "brake.set",
        "mailbox": "support",
        "at": "2026-11-21T12:00:00+00:00",
        "count": 2,
        "over": False,
        "brake": "flood",
    }


def test_a_command_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    command = a_command(tmp_path, "import sys; sys.exit('no route to pager')")

    with pytest.raises(AlertFailedError, match="ended with 1: no route to pager"):
        CommandAlert(command).tell(ALARM)


def test_a_command_that_reads_nothing_is_no_trouble(tmp_path: Path) -> None:
    CommandAlert(a_command(tmp_path, "import os; os.close(0)")).tell(ALARM)


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    body = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "child.wait()"
    )
    with pytest.raises(AlertFailedError, match="did not end within 3 s"):
        CommandAlert(a_command(tmp_path, body), seconds=3).tell(ALARM)

    status = Path(f"/proc/{(tmp_path / 'child').read_text()}/stat")
    wait_until(lambda: has_ended(status), 10, "what it started is gone")


def has_ended(status: Path) -> bool:
    try:
        return status.read_text().rpartition(") ")[2][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(AlertFailedError, match="cannot be started"):
        CommandAlert(["/nowhere/page-me"]).tell(ALARM)


def test_a_heartbeat_is_read_as_it_was_written(tmp_path: Path) -> None:
    HeartbeatFile(tmp_path).write(Beat(17, AT))

    assert HeartbeatFile(tmp_path).read() == Beat(17, AT)
    assert [one.name for one in tmp_path.iterdir()] == ["heartbeat"]


@pytest.mark.parametrize(
    "left",
    [
        b"",
        b"{",
        b'{"beat": 1}',
        b"[]",
        b"[" * 100_000,
        b'{"beat": 1e999, "at": "2026-11-21T12:00:00+00:00"}',
        b'{"beat": 1, "at": "2026-11-21T12:00:00"}',
    ],
)
def test_a_heartbeat_that_cannot_be_read_is_none(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "heartbeat").write_bytes(left)

    assert HeartbeatFile(tmp_path).read() is None
