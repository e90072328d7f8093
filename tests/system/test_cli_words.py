"""What a person says about threads and mails, typed as it is typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    Installation,
    Outcome,
    a_config,
    a_letter,
    end,
    imap_of,
    smtp_of,
)

USAGE = 64


@pytest.fixture
def here(tmp_path: Path, account: Account, tls_sink: SmtpSink) -> Iterator[Installation]:
    installation = Installation(tmp_path, {"SUPPORT_PASSWORD": "secret", "SUDO_USER": "berta"})
    config = a_config(imap_of(account), smtp_of(tls_sink, account), mode="shadow")
    installation.config.write_text(config)
    with installation.running() as process:
        wait_until(
            lambda: "mailbox.started" in installation.log, 30, "the daemon reads the mailbox"
        )
        for name in ("first", "second"):
            account.deliver(a_letter(name).replace(b"anna@", f"{name}@".encode()))
        wait_until(lambda: installation.log.count("message.filed") == 2, 30, "both are recorded")
        yield installation
        assert end(process) == 0


def objects(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_everything_a_person_may_say_while_the_daemon_runs(
    here: Installation, tls_sink: SmtpSink
) -> None:
    second, first = (one["reference"] for one in objects(here.call("threads", "list", "--json")))
    assert f"thread={first}" in here.log

    resolved = here.call("threads", "resolve", f"[#{first}]", second.lower())
    assert resolved.out == f"{first}: resolved\n{second}: resolved\n"
    assert here.call("threads", "resolve", first).out == f"{first}: resolved (it was so already)\n"
    assert here.call("threads", "reopen", first, second).code == 0
    assert here.call("threads", "working", first).out == f"{first}: working\n"
    muted = here.call("threads", "mute", first)
    assert muted.out == f"{first}: working, muted until further notice\n"
    assert here.call("threads", "mute", first, "--off").out == f"{first}: working\n"
    [assigned] = objects(here.call("threads", "assign", first, "anna", "--json"))
    assert (assigned["did"], assigned["changed"]) == ("assign", True)
    assert assigned["thread"]["assigned_to"] == "anna"
    assert here.call("threads", "note", first, "she", "called").code == 0

    shown = here.call("threads", "show", first).out
    assert "note by berta: she called" in shown
    assert "thread working by=berta was=open" in shown
    assert "assigned to  anna" in shown

    merged = here.call("threads", "merge", first, second)
    assert merged.out == f"{first} is part of {second} now\n"
    [alone] = objects(here.call("threads", "list", "--json"))
    assert (alone["reference"], alone["messages"]) == (second, 2)
    redirected = here.call("threads", "show", first)
    assert redirected.err == f"{first} was merged into {second}\n"
    assert "she called" in redirected.out
    assert here.call("threads", "merge", first, "--undo").code == 0
    assert len(objects(here.call("threads", "list", "--json"))) == 2

    [released] = objects(here.call("outbox", "release", "1", "--json"))
    assert (released["did"], released["mail"]["state"]) == ("release", "queued")
    [mail] = tls_sink.wait_accepted(1, 30)
    assert mail.rcpt_to == (released["mail"]["recipient"],)
    wait_until(lambda: "outbox.sent" in here.log, 30, "it is written down")
    again = here.call("outbox", "release", "1")
    assert again.code == USAGE
    assert "mail 1 stays sent: not_held_back: it is not one that was only recorded" in again.err
    shown = here.call("threads", "show", first).out
    assert "mail released by=berta" in shown


def test_what_shadow_has_only_recorded_is_told_as_such_and_goes_out_when_a_daemon_runs(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    config = a_config(imap_of(account), smtp_of(tls_sink, account), mode="shadow")
    here.config.write_text(config)
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("first"))
    assert here.call("run", "--once").code == 0
    (tmp_path / "first.eml").write_text(here.call("messages", "show", "1", "--raw").out)

    explained = here.call("explain", "first.eml").out
    released = here.call("outbox", "release", "1")

    assert "(in shadow only: that one was recorded and not sent, he has had no mail)" in explained
    assert (released.code, released.out) == (0, "mail 1 is queued\n")
    assert released.err == ("no daemon is running: it goes out when one runs (maildaemon run)\n")
    assert here.call("run", "--once").code == 0
    assert len(tls_sink.accepted()) == 1


def test_a_slip_changes_nothing(here: Installation) -> None:
    before = objects(here.call("threads", "list", "--json"))
    first = before[0]["reference"]
    slips = (
        (("resolve", first, "ZZZZ-ZZ"), "there is no thread ZZZZ-ZZ"),
        (("merge", first, first), "a thread cannot become part of itself"),
        (("merge", first, "--undo"), f"{first} is not part of another thread"),
        (("merge", first), "give the thread to merge INTO, or --undo"),
        (("mute", first, "--until", "2020-01-01"), "is past"),
        (("assign", first), "give a name, or --nobody"),
        (("note", first, " "), "give the text"),
    )
    for words, complaint in slips:
        outcome = here.call("threads", *words)

        assert outcome.code == USAGE, words
        assert complaint in outcome.err
    assert objects(here.call("threads", "list", "--json")) == before
