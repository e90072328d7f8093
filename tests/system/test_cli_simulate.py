"""`maildaemon simulate` as it is typed: what it prints, for people and for programs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.system.installation import ROOT, Installation

USAGE, NO_INPUT = 64, 66


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    shutil.copytree(ROOT / "docs" / "simulated", tmp_path / "mail")
    shutil.copy(tmp_path / "mail" / "shop.yaml", tmp_path / "maildaemon.yaml")
    return Installation(tmp_path, {})


def test_every_event_is_an_object_with_the_keys_of_the_contract(here: Installation) -> None:
    outcome = here.call("simulate", "--json", "mail")

    assert outcome.code == 0
    *events, summary = map(json.loads, outcome.out.splitlines())
    assert {tuple(one) for one in events} == {("at", "thread", "event", "mail", "to", "why")}
    reminder = next(one for one in events if one["mail"] == "follow_up" and one["to"])
    assert {**reminder, "thread": ""} == {
        "at": "2026-11-30T15:00:00+01:00",
        "thread": "",
        "event": "mail_queued",
        "mail": "follow_up",
        "to": "giulia.bianchi@posta.example",
        "why": "follow_up",
    }
    assert summary["event"] == "summary"
    assert summary["promises"]["kept"] == 2
    assert summary["mode"] == {"support": {"default": "shadow"}}
    assert not here.data.exists(), "nothing of the shop's is made or changed"


def test_the_same_configuration_makes_no_difference(here: Installation) -> None:
    outcome = here.call("simulate", "--compare", "maildaemon.yaml", "mail")

    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.endswith("no difference\n")


def test_a_wrong_date_and_missing_answers_are_named(here: Installation) -> None:
    mail = (here.folder / "mail" / "1-question.eml").read_text()
    (here.folder / "late.eml").write_text(mail.replace("2026", "2098"))

    outcome = here.call("simulate", "mail/1-question.eml", "late.eml", "--json")

    assert outcome.code == 0
    assert "left out: late.eml: it is dated 2098-11-20, in the future" in outcome.err
    assert "name the folder of sent mail as well" in outcome.err


def test_what_cannot_be_simulated_says_what_to_do(here: Installation) -> None:
    (here.folder / "empty").mkdir()

    nothing = here.call("simulate", "empty")
    nowhere = here.call("simulate", "nowhere")
    backwards = here.call("simulate", "--since", "2026-12-01", "--until", "2026-11-30", "mail")

    assert (nothing.code, nowhere.code, backwards.code) == (NO_INPUT, USAGE, USAGE)
    assert "name an mbox, a Maildir, or message files" in nothing.err
    assert "nowhere" in nowhere.err
    assert "--until is before --since" in backwards.err


_TOKYO = """
  - name: tokyo
    address: tokyo@example.com
    imap: {host: imap.example.com, username: tokyo@example.com, password: {env: PASSWORD}}
    smtp: {host: smtp.example.com, username: tokyo@example.com, password: {env: PASSWORD}}
    policy: {hours: {timezone: Asia/Tokyo}}
"""


def test_each_mailbox_tells_the_time_by_its_own_clock(here: Installation) -> None:
    shop = here.config.read_text("utf-8")
    here.config.write_text(shop.replace("\nlanguages:", f"{_TOKYO}\nlanguages:", 1), "utf-8")
    question = (here.folder / "mail" / "1-question.eml").read_text("utf-8")
    asked = question.replace("support@example.com", "tokyo@example.com").replace(
        "Message-ID: <", "Message-ID: <tokyo."
    )
    (here.folder / "mail" / "tokyo.eml").write_text(asked, "utf-8")

    outcome = here.call("simulate", "--json", "mail")

    events = [json.loads(line) for line in outcome.out.splitlines()]
    at = [one["at"] for one in events if one.get("mail") == "acknowledgement"]
    assert sorted(at) == ["2026-11-20T17:10:04+01:00", "2026-11-21T01:10:04+09:00"]
