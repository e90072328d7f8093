"""`db backup` beside a daemon that works as hard as it can."""

import json
import sqlite3
from collections import Counter
from pathlib import Path

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of

CUSTOMERS = 40


def test_backups_under_load_fit_together_and_disturb_nobody(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    limits = "limits: {per_mailbox: 1000 in 1 hour, burst: 100}"
    here.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account), limits))
    copies = []
    with here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")
        for number in range(CUSTOMERS):
            account.deliver(a_letter(f"c{number}").replace(b"anna@", f"c{number}@".encode()))
            if number % 8 == 7:
                path = tmp_path / f"copy{number}.db"
                done = here.call("db", "backup", path, "--json")
                assert done.code == 0, done.err
                assert json.loads(done.out) == {"file": str(path), "size": path.stat().st_size}
                copies.append(path)
        tls_sink.wait_accepted(CUSTOMERS, 60)
        assert end(process) == 0

    last = Counter[str]()
    for path in copies:
        now = _counts(path)
        assert all(now[table] >= last[table] for table in last), (last, now)
        assert now["message"] <= now["inbound"], "nothing is decided that was not received"
        last = now
    assert last["message"] > 0, "the last copy was made in the middle of the work"
    recipients = Counter(mail.rcpt_to for mail in tls_sink.accepted())
    assert recipients == Counter({(f"c{number}@example.net",): 1 for number in range(CUSTOMERS)})
    assert "loop.failed" not in here.log
    assert "locked" not in here.log

    # What was saved is a database to go on with.
    here.config.write_text(here.config.read_text().replace("var/maildaemon.db", str(copies[-1])))
    checked = here.call("db", "check", "--json")
    assert checked.code == 0, checked.err
    assert json.loads(checked.out)["sound"] is True


def _counts(path: Path) -> Counter[str]:
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        tables = ("inbound", "message", "thread", "outbox", "event")
        counts = {
            one: connection.execute(f"select count(*) from {one}").fetchone()[0] for one in tables
        }
    finally:
        connection.close()
    return Counter(counts)
