"""Drafts that a person sends, and a colleague's own account, on a real Dovecot."""

import json
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.servers.dovecot import Account, Dovecot
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of


def a_shop(tmp_path: Path, account: Account, sink: SmtpSink, *more: str, mode: str) -> Installation:
    here = Installation(tmp_path)
    imap = imap_of(account, poll_every="1 second")
    here.config.write_text(a_config(imap, smtp_of(sink, account), *more, mode=mode))
    return here


def threads(here: Installation) -> list[str]:
    shown = here.call("threads", "list", "--json")
    return [json.loads(line)["status"] for line in shown.out.splitlines()]


def outbox(here: Installation) -> list[str]:
    shown = here.call("outbox", "list", "--json")
    return [json.loads(line)["state"] for line in shown.out.splitlines()]


def soon(true: Callable[[], bool], what: str) -> None:
    wait_until(true, 45, what)


def test_a_draft_appears_and_what_a_person_sends_from_it_answers_the_thread(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = a_shop(tmp_path, account, tls_sink, mode="drafts")
    with here.running() as process:
        soon(lambda: "mailbox.started" in here.log, "the daemon reads the mailbox")
        account.deliver(a_letter("first"))
        soon(lambda: bool(account.messages("Drafts")), "the draft appears")
        [draft] = account.messages("Drafts")
        assert draft.flags == {"\\Draft"}
        mail = message_from_bytes(draft.raw, policy=policy.default)
        assert mail["In-Reply-To"] == "<first@example.net>"
        assert threads(here) == ["open"]

        # As a mail client does: edit, submit, file in Sent, remove the draft.
        assert isinstance(mail, EmailMessage)
        mail.clear_content()
        mail.set_content("Dear Anna, your order ships today.")
        account.file(mail.as_bytes(policy=policy.SMTP), "Sent", flags=("\\Seen",))
        account.expunge("Drafts", draft.uid)
        soon(lambda: threads(here) == ["pending"], "the answer is seen")
        assert end(process) == 0

    assert outbox(here) == ["draft"]
    assert tls_sink.accepted() == []
    assert account.messages("Drafts") == []
    assert len(account.messages("Sent")) == 1


def test_a_folder_for_drafts_that_is_missing_is_told(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    imap = imap_of(account, drafts="Entwürfe")
    here.config.write_text(a_config(imap, smtp_of(tls_sink, account), mode="drafts"))
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("first"))
    assert here.call("run", "--once").code == 0

    shown = here.call("status")
    assert shown.code == 0
    assert "there is no folder named 'Entwürfe'" in shown.out
    assert "1 draft could not be put into the mailbox" in shown.out
    checked = here.call("check", "--connect")
    assert checked.code == 69
    assert "Entwürfe" in checked.out


def test_what_is_moved_out_of_junk_is_answered_once(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = a_shop(tmp_path, account, tls_sink, mode="live")
    with here.running() as process:
        soon(lambda: "mailbox.started" in here.log, "the daemon reads the mailbox")
        account.file(a_letter("first"), "Junk")
        soon(lambda: threads(here) == ["ignored"], "the spam is recorded")
        assert tls_sink.accepted() == []

        account.move("Junk", account.messages("Junk")[0].uid, "INBOX")
        tls_sink.wait_accepted(1, 45)
        account.move("INBOX", account.messages("INBOX")[0].uid, "Junk")
        soon(lambda: "into Junk" in here.log, "the move is seen")
        account.move("Junk", account.messages("Junk")[0].uid, "INBOX")
        soon(lambda: here.log.count("out of Junk") == 2, "the second move is seen")
        assert end(process) == 0

    assert threads(here) == ["open"]
    assert len(tls_sink.accepted()) == 1


def with_anna(tmp_path: Path, account: Account, anna: Account, sink: SmtpSink) -> Installation:
    here = Installation(tmp_path, {"SUPPORT_PASSWORD": account.password})
    imap = imap_of(account, poll_every="1 second")
    hers = imap_of(anna, poll_every="1 second")
    flow = ", ".join(f"{key}: {value}" for key, value in hers.items())
    text = a_config(imap, smtp_of(sink, account))
    text += "  - name: anna\n    address: anna@example.test\n    reads: sent_only\n"
    here.config.write_text(f"{text}    imap: {{{flow}}}\n")
    return here


def test_the_past_of_a_colleagues_account_is_never_read(
    tmp_path: Path, dovecot: Dovecot, account: Account, tls_sink: SmtpSink
) -> None:
    anna = dovecot.account()
    here = with_anna(tmp_path, account, anna, tls_sink)
    anna.deliver(a_letter("secret"))
    account.deliver(a_letter("first"))

    done = here.call("backfill", "--since", "2020-01-01", "--json")
    named = here.call("backfill", "--since", "2020-01-01", "--mailbox", "anna")

    assert (done.code, [json.loads(line)["mailbox"] for line in done.out.splitlines()]) == (
        0,
        ["support"],
    )
    assert named.code == 64
    kept = b"".join(one.read_bytes() for one in here.data.rglob("*") if one.is_file())
    assert b"first@example.net" in kept
    assert b"secret@example.net" not in kept


def test_a_colleague_answers_from_an_account_of_her_own(
    tmp_path: Path, dovecot: Dovecot, account: Account, tls_sink: SmtpSink
) -> None:
    anna = dovecot.account()
    here = with_anna(tmp_path, account, anna, tls_sink)
    checked = here.call("check", "--connect")
    assert checked.code == 0, checked.out
    assert "sent `Sent`, the only one read" in checked.out
    assert here.call("run", "--once").code == 0

    # All this happens while the daemon is down.
    account.deliver(a_letter("first"))
    anna.file(
        a_letter("dinner", "Dinner", "See you at eight.", "In-Reply-To: <love@private.example>"),
        "Sent",
    )
    anna.file(
        b"From: Anna <anna@example.test>\r\nTo: anna@example.net\r\nSubject: Re: order\r\n"
        b"Message-ID: <answer@example.test>\r\nIn-Reply-To: <first@example.net>\r\n\r\n"
        b"It ships today.\r\n",
        "Sent",
        flags=("\\Seen",),
    )
    anna.deliver(a_letter("private"))
    with here.running() as process:
        soon(lambda: outbox(here) == ["cancelled"], "the answer is seen")
        account.deliver(a_letter("second").replace(b"anna@example.net", b"dora@example.net"))
        soon(lambda: len(tls_sink.accepted()) == 1, "what nobody answered is acknowledged")
        assert end(process) == 0

    assert "anna (sent_only)" in here.log
    assert sorted(threads(here)) == ["open", "pending"]
    kept = b"".join(one.read_bytes() for one in here.data.rglob("*") if one.is_file())
    assert b"ships today" in kept
    for secret in (b"private", b"dinner", b"Dinner", b"at eight"):
        assert secret not in kept
        assert secret.decode() not in here.log
    shown = here.call("status")
    assert shown.code == 0, shown.out
    assert "anna (a colleague's account: only answers in Sent are read)" in shown.out


def test_one_run_sees_what_a_colleague_answered_before_anything_is_sent(
    tmp_path: Path, dovecot: Dovecot, account: Account, tls_sink: SmtpSink
) -> None:
    anna = dovecot.account()
    here = with_anna(tmp_path, account, anna, tls_sink)
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("first"))
    account.deliver(a_letter("second", "Another question"))
    anna.file(
        b"From: Anna <anna@example.test>\r\nTo: anna@example.net\r\nSubject: Re: order\r\n"
        b"Message-ID: <answer@example.test>\r\nIn-Reply-To: <second@example.net>\r\n\r\n"
        b"It ships today.\r\n",
        "Sent",
    )
    done = here.call("run", "--once")

    assert done.code == 0, done.err
    assert sorted(threads(here)) == ["open", "pending"]
    assert len(tls_sink.accepted()) == 1
