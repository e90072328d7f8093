"""A mail to ourselves with the real daemon: out by SMTP, in by LMTP, back over IMAP, deleted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of
from tests.system.ready import PROBE_EVERY

_PROBING = "probe: {every: 5 minutes, late_after: 2 minutes}"


@pytest.fixture
def installation(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Installation:
    """A rehearsal on a mailbox that takes plus addresses."""
    made = Installation(tmp_path / "one")
    made.environment[PROBE_EVERY] = "1"
    made.folder.mkdir()
    text = a_config(imap_of(account), smtp_of(tls_sink, account), _PROBING, mode="shadow")
    local, _, domain = account.user.partition("@")
    to = f"    probe_address: {local}+probe@{domain}\n    imap:"
    made.config.write_text(text.replace("    imap:", to))
    return made


def probe_of(one: Installation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.call("status", "--json").out)["probe"]
    return found


@pytest.mark.timeout(240)
def test_it_goes_in_a_rehearsal_comes_back_is_told_and_leaves_nothing_behind(
    installation: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    account.deliver(a_letter("kept"))
    account.flag("INBOX", 1, "\\Deleted")
    checked = installation.call("check", "--connect")
    assert checked.code == 0, checked.out
    assert "+probe@example.test every 5 minutes, in every mode" in checked.out

    with installation.running() as daemon:
        wait_until(lambda: bool(tls_sink.accepted()), 90, "the mail to ourselves is sent")
        (sent,) = tls_sink.accepted()
        (to,) = sent.rcpt_to
        account.deliver(sent.raw, sender=sent.mail_from, rcpt=to)
        wait_until(lambda: "probe.removed" in installation.log, 90, "it is deleted")

        told = probe_of(installation)
        assert told["back_at"]
        assert told["seconds"] >= 0
        assert (told["junked"], told["waiting_since"], told["left"]) == (False, None, 0)
        (kept,) = account.messages()
        assert kept.uid == 1
        assert kept.flags >= {"\\Deleted"}
        assert account.messages("Sent") == []
        assert "came back" in installation.call("status").out
        assert end(daemon) == 0

    assert len(tls_sink.accepted()) == 1
    assert installation.call("audit").code == 0
    listed = installation.call("outbox", "list", "--json").out
    assert listed == ""
