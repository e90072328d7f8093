"""Several mailboxes in one process: each with its own ways, and none waits for another's trouble."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Account, Dovecot
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

UNAVAILABLE = 69
GERMAN = "Guten Morgen, meine Bestellung ist leider noch nicht angekommen. Wo bleibt sie denn?"


@pytest.fixture
def accounts(dovecot: Dovecot) -> dict[str, Account]:
    """Two mailboxes that are well, one with a wrong password, one without the folder it names."""
    return {name: dovecot.account() for name in ("support", "hilfe", "locked", "homeless")}


@pytest.fixture
def here(tmp_path: Path, accounts: dict[str, Account], tls_sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    changed: dict[str, dict[str, object]] = {
        "locked": {"password": "{env: WRONG}"},
        "homeless": {"sent": "Nowhere"},
    }
    installation.environment["WRONG"] = "wrong"
    # The troubled ones come first: whoever waited for them would wait long.
    text = ""
    for name in ("locked", "homeless", "support", "hilfe"):
        imap = imap_of(accounts[name], **changed.get(name, {}))
        one = a_config(imap, smtp_of(tls_sink, accounts[name]))
        one = one.replace("name: support", f"name: {name}").replace("support@", f"{name}@")
        text += one if not text else one[one.index("  - name:") :]
        if name == "hilfe":
            text += "    display_name: Die Werkstatt\n    policy: {languages: {default: de}}\n"
    installation.config.write_text(text)
    return installation


def to(name: str, text: str = "") -> bytes:
    letter = a_letter(f"to-{name}", "Question", *([text] if text else []))
    return letter.replace(b"support@", f"{name}@".encode())


def objects(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_each_is_answered_from_its_own_address_and_trouble_stays_where_it_is(
    here: Installation, accounts: dict[str, Account], tls_sink: SmtpSink
) -> None:
    with here.running() as process:
        wait_until(lambda: here.log.count("mailbox.started") == 2, 40, "the two are read")
        accounts["support"].deliver(to("support"))
        accounts["hilfe"].deliver(to("hilfe", GERMAN))
        sent = {mail.mail_from: mail for mail in tls_sink.wait_accepted(2, 40)}
        wait_until(lambda: here.log.count("outbox.sent") == 2, 20, "it is written down")
        status = here.call("status", "--json")
        alone = here.call("status", "--mailbox", "support")

        assert end(process) == 0

    assert set(sent) == {"support@example.test", "hilfe@example.test"}
    assert b'From: "Die Werkstatt" <hilfe@example.test>' in sent["hilfe@example.test"].raw
    assert b'lang=3D"de"' in sent["hilfe@example.test"].raw
    assert status.code == UNAVAILABLE
    reports = {one["mailbox"]: one for one in objects(status)}
    well = {name: report["well"] for name, report in reports.items()}
    assert well == {"locked": False, "homeless": False, "support": True, "hilfe": True}
    assert "refused the login" in reports["locked"]["troubles"][0]["what"]
    assert "Nowhere" in reports["homeless"]["troubles"][0]["what"]
    assert alone.code == 0, alone.out
    for name in ("support", "hilfe"):
        [thread] = objects(here.call("threads", "list", "--mailbox", name, "--json"))
        [mail] = objects(here.call("outbox", "list", "--mailbox", name, "--json"))
        assert thread["mailbox"] == mail["mailbox"] == name
    assert "support (live), hilfe (live)" in here.log


def test_once_tells_the_trouble_of_every_mailbox_and_serves_the_others(
    here: Installation, accounts: dict[str, Account], tls_sink: SmtpSink
) -> None:
    assert here.call("run", "--once").code == UNAVAILABLE
    accounts["support"].deliver(to("support"))
    accounts["hilfe"].deliver(to("hilfe"))

    outcome = here.call("run", "--once")

    assert outcome.code == UNAVAILABLE
    told = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert {line.split(":")[1].strip() for line in told} == {"locked", "homeless"}
    assert len(told) == 2
    assert len(tls_sink.accepted()) == 2


def test_check_looks_at_all_of_them_or_at_one(here: Installation) -> None:
    everything = here.call("check", "--connect", "--json")
    one = here.call("check", "--connect", "--mailbox", "hilfe", "--json")
    typo = here.call("check", "--mailbox", "hilffe")

    failed = [line["mailbox"] for line in objects(everything) if line["result"] == "failed"]
    assert (everything.code, failed) == (UNAVAILABLE, ["locked", "homeless"])
    assert (one.code, typo.code) == (0, 64)
    assert {line["mailbox"] for line in objects(one)} == {None, "hilfe"}
    assert "there is no mailbox `hilffe`" in typo.err
