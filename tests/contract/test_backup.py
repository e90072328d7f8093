"""A copy of the database shows one moment, however much is written meanwhile."""

import sqlite3
from pathlib import Path

import pytest

from maildaemon.adapters.sql import backup
from maildaemon.adapters.sql.backup import back_up, find_damage
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore


def test_a_backup_ends_and_fits_together_although_every_step_of_it_is_overtaken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES", 8)
    source, target = tmp_path / "mail.db", tmp_path / "copy.db"
    store = SqlStore(f"sqlite:///{source}")
    ensure_schema(store.engine)
    steps = 0

    def write_meanwhile(done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        assert steps < 200, f"it began anew and anew; {done} of {total}"
        with store.begin() as tx:
            tx.mailboxes.ensure(f"mailbox {steps}")

    size = back_up(source, target, write_meanwhile)
    store.close()

    assert steps > 5
    assert size == target.stat().st_size
    assert find_damage(target) == ()
    counts = []
    for path in (source, target):
        connection = sqlite3.connect(path)
        counts.append(connection.execute("select count(*) from mailbox").fetchone()[0])
        connection.close()
    assert counts == [steps, 0], "the copy shows the moment at which it began"
    assert target.stat().st_mode & 0o777 == 0o600
