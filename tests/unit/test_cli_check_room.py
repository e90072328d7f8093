"""What `check` says of the disk is what the daemon would say of it."""

from pathlib import Path

import pytest

from maildaemon.cli.check import findings
from maildaemon.cli.invocation import Invocation
from maildaemon.services.check import Result
from maildaemon.settings import minimal

LARGEST = 40 * 10**6
LEAST = 200 * 10**6 + 2 * LARGEST
AMPLE = LEAST + 10**9


@pytest.mark.parametrize(
    ("free", "result", "what"),
    [
        (AMPLE, Result.OK, "1.3 GB free where mail is kept"),
        (AMPLE - 10**8, Result.WARNING, "below 1.3 GB people are told (`disk.filling`)"),
        (LEAST, Result.WARNING, "below 1.3 GB people are told (`disk.filling`)"),
        (LEAST - 1, Result.FAILED, "below 280.0 MB no mail is fetched (`disk.full`)"),
    ],
)
def test_the_disk_is_judged_by_the_marks_of_the_alarms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, result: Result, what: str
) -> None:
    asked: list[tuple[Path, ...]] = []

    def left(*folders: Path) -> int:
        asked.append(folders)
        return free

    monkeypatch.setattr("maildaemon.adapters.installation.free_space", left)
    path = tmp_path / "maildaemon.yaml"
    text = minimal("support@shop.example", "imap.shop.example", "smtp.shop.example")
    (tmp_path / "mails").mkdir()
    text = text.replace("var/maildaemon.db", "records/maildaemon.db")
    text = text.replace("service:", "service:\n  data_dir: mails")
    path.write_text(f"{text}\nattachments: {{max_message_size: 40 MB}}\n")

    [found] = [one for one in findings(Invocation(path)) if one.check == "disk"]

    assert found.result is result
    assert what in found.what
    assert ("make room there" in found.advice) is (result is not Result.OK)
    # Mail and records, each where it is or will be.
    assert asked == [(tmp_path / "mails", tmp_path)]
