"""A policy in two files, one section of it a mailbox's own, on the real program and real servers."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
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


def write(here: Installation, account: Account, sink: SmtpSink) -> None:
    today = datetime.now(UTC).date()
    text = a_config(imap_of(account), smtp_of(sink, account), "include: [policy/shop.yaml]")
    own = "privacy: {notice: https://shop.example/privacy}"
    text = text.replace("    imap:", f"    policy: {{{own}}}\n    imap:")
    mode = "{mode: {default: live, refused_files: drafts}, log_format: json}"
    here.config.write_text(text.replace("{mode: live}", mode))
    shop = here.folder / "policy" / "shop.yaml"
    shop.parent.mkdir()
    shop.write_text(
        "hours: {timezone: Europe/Rome}\n"
        f"notices: [{{from: {today - timedelta(days=2)}, until: {today + timedelta(days=9)}, "
        "template: holiday}]\n"
        "privacy: {notice: https://shop.example/general, retention: {raw: 90 days}}\n"
        "limits: {per_address: [9 in 10 minutes]}\n"
        "follow_up: [{after: 3 business days, template: follow_up}]\n"
    )


def test_a_policy_in_two_files_and_a_mailboxs_own_decide_what_customers_get(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    write(here, account, tls_sink)

    def events(name: str) -> list[dict[str, object]]:
        lines = map(json.loads, here.log.splitlines())
        return [line for line in lines if line["event"] == name]

    with here.running() as process:
        wait_until(lambda: bool(events("mailbox.started")), 40, "the start")
        account.deliver(a_letter("plain"))
        [mail] = tls_sink.wait_accepted(1, 40)
        kind = ("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
        account.deliver(a_letter("file", "A form", A_FILE_IN_A_LETTER, *kind))
        wait_until(lambda: bool(account.messages("Drafts")), 40, "the draft")

        assert end(process) == 0

    written = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
    assert written is not None
    text = written.get_content()
    assert "https://shop.example/privacy" in text
    assert "https://shop.example/general" not in text
    assert "We are on holiday up to and including" in text
    assert len(tls_sink.accepted()) == 1
    assert events("config.warned") == []
