"""`maildaemon explain` keeps its contract on any file, with or without configuration and records."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.installation import Installation, a_config

USAGE, NO_INPUT = 64, 66
NOWHERE = {
    "host": "localhost",
    "port": 1,
    "security": "none",
    "username": "support",
    "password": "{env: NEVER_SET}",
}
WITH_A_FILE = b"""\
Received: from a.example by b.example; Sat, 21 Nov 2026 11:00:05 +0100
Return-Path: <anna@example.net>
From: =?utf-8?q?Anna_Bianch=C3=AC?= <anna@example.net>
To: Support <support@example.test>
Cc: berta@example.org
Subject: Il mio ordine 123456
Message-ID: <ordine@example.net>
Date: Sat, 21 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Buongiorno, il mio ordine non arriva. Potete dirmi per favore dove si trova il pacco?
--b
Content-Type: application/octet-stream; name="setup.exe"
Content-Disposition: attachment; filename="setup.exe"
Content-Transfer-Encoding: base64

TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA
--b--
"""
ANSWER = b"""\
From: Anna <anna@example.net>
To: support@example.test
Subject: Re: Il mio ordine 123456
Message-ID: <ancora@example.net>
In-Reply-To: <ordine@example.net>
Date: Sat, 21 Nov 2026 10:30:00 +0000

Non trovo ancora il pacco, e nessuno mi ha risposto. Quando arriva il mio ordine?
"""
BOUNCE = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.org
To: support@example.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce@mx.example.org>
Date: Sat, 21 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; berta@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b
Content-Type: text/rfc822-headers

Message-ID: <lost@example.test>
--b--
"""
HOSTILE = {
    "empty": b"",
    "noise": bytes(range(256)) * 40,
    "control": b"From: \x1b[31m\xff<x@y>\nSubject: \x00\x07=?utf-8?q?=1b]0;x=07?=\nDate: Mon, 99\n\n\x9b\n",
    "no_end": b"From: a@b.c\nDate: Mon, 01 Jan 0001 00:00:00 +0000",
    "far_future": b"From: a@b.c\nTo: d@e.f\nDate: Fri, 31 Dec 9999 23:59:59 -1200\n\nx\n",
    "nested": b"From: " + b"(" * 500 + b"\nTo: " + b"a@b," * 3000 + b"\n\nx\n",
    "surrogate": "From: a@b.c\nSubject: \udcff\n\n\ud83d\n".encode("utf-8", "surrogatepass"),
}


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    (tmp_path / "order.eml").write_bytes(WITH_A_FILE)
    (tmp_path / "again.eml").write_bytes(ANSWER)
    return Installation(tmp_path, {})


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_one_object_a_file_with_every_key_of_the_contract(here: Installation) -> None:
    here.config.write_text(a_config(NOWHERE, NOWHERE, mode="shadow"))

    outcome = here.call("--config", here.config, "explain", "--json", "order.eml")

    assert (outcome.code, outcome.err) == (0, "")
    [explained] = objects(outcome.out)
    [file] = explained["attachments"]
    assert len(file.pop("sha256")) == 64
    assert explained == {
        "file": "order.eml",
        "message": {
            "message_id": "ordine@example.net",
            "in_reply_to": [],
            "references": [],
            "from": {"name": "Anna Bianchì", "address": "anna@example.net"},
            "reply_to": [],
            "to": [{"name": "Support", "address": "support@example.test"}],
            "cc": [{"name": "", "address": "berta@example.org"}],
            "subject": "Il mio ordine 123456",
            "date": "2026-11-21T10:00:00+00:00",
            "size": len(WITH_A_FILE),
            "text": explained["message"]["text"],
            "reply_text": explained["message"]["reply_text"],
            "language": "it",
            "language_confidence": 1.0,
            "defects": [],
        },
        "kind": "customer",
        "evidence": [],
        "must_not_answer": False,
        "bounce": None,
        "attachments": [
            {
                "filename": "setup.exe",
                "declared_type": "application/octet-stream",
                "detected_type": file["detected_type"],
                "size": 36,
                "inline": False,
                "verdict": "refused",
                "reason": "extension_blocked",
                "findings": [],
            }
        ],
        "understood": {
            "category": None,
            "priority": "normal",
            "tags": [],
            "promise": None,
            "order_numbers": [],
            "missing": [],
            "faq": [],
            "assign": None,
            "forward": None,
            "mute": False,
            "after_answer": None,
            "distress": [],
            "rules": [],
        },
        "thread": {
            "match": "new",
            "reference": None,
            "parent": None,
            "why": "answers no known mail",
        },
        "response": {
            "queued": True,
            "sections": ["acknowledgement", "refused_files"],
            "to": "anna@example.net",
            "language": "it",
            "answer_by": None,
            "silence": None,
        },
        "mode": "shadow",
        "recorded": None,
        "actions": [
            {"do": "open_thread"},
            {
                "do": "queue_mail",
                "sections": ["acknowledgement", "refused_files"],
                "to": "anna@example.net",
            },
        ],
    }
    assert not here.data.exists()


def test_silence_has_its_code_and_no_recipient(here: Installation) -> None:
    (here.folder / "bounce.eml").write_bytes(BOUNCE)

    [explained] = objects(here.call("explain", "--json", "bounce.eml").out)

    assert explained["kind"] == "bounce"
    assert explained["must_not_answer"] is True
    assert explained["bounce"] == {
        "recipients": [
            {
                "address": "berta@example.org",
                "action": "failed",
                "status": "5.1.1",
                "diagnostic": explained["bounce"]["recipients"][0]["diagnostic"],
            }
        ],
        "original_message_id": "lost@example.test",
    }
    assert explained["response"] == {
        "queued": False,
        "sections": [],
        "to": None,
        "language": None,
        "answer_by": None,
        "silence": "null_reverse_path",
    }
    assert {"do": "stay_silent", "reason": "null_reverse_path"} in explained["actions"]


def test_without_a_configuration_whatever_it_is_addressed_to_is_ours(here: Installation) -> None:
    outcome = here.call("explain", "--json", "order.eml")

    assert outcome.code == 0
    assert "no configuration was found" in outcome.err
    [explained] = objects(outcome.out)
    assert explained["response"]["queued"] is True


def test_files_in_order_make_threads_with_names_of_this_run(here: Installation) -> None:
    outcome = here.call("explain", "--json", "--thread", "order.eml", "again.eml")

    [first, second] = objects(outcome.out)
    assert (first["thread"]["reference"], first["thread"]["parent"]) == ("T1", None)
    assert second["thread"] == {
        "match": "in_reply_to",
        "reference": "T1",
        "parent": "order.eml",
        "why": "answers ordine@example.net",
    }
    assert second["actions"][0] == {"do": "join_thread"}


def test_arrival_and_judgement_can_be_set(here: Installation) -> None:
    late = ("--received", "2026-11-21T10:00:00+00:00", "--now", "2026-11-23T10:00:00+00:00")

    [explained] = objects(here.call("explain", "--json", *late, "order.eml").out)

    assert explained["response"]["silence"] == "too_old"
    wrong = here.call("explain", "--received", "yesterday", "order.eml")
    assert wrong.code == USAGE
    assert "`yesterday` is no time; write for example 2026-11-21T10:00+01:00" in wrong.err


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_it(here: Installation) -> None:
    outcome = here.call("explain", "--json", "missing.eml", "order.eml", str(here.folder))

    assert outcome.code == NO_INPUT
    assert "error: missing.eml: no such file or directory\n" in outcome.err
    assert f"error: {here.folder}: is a directory; name the files in it\n" in outcome.err
    assert [one["file"] for one in objects(outcome.out)] == ["order.eml"]


def test_what_is_hardly_a_mail_is_explained_with_a_word_about_it(here: Installation) -> None:
    (here.folder / "empty.eml").write_bytes(b"")

    outcome = here.call("explain", "--json", "empty.eml", "order.eml")

    assert outcome.code == 0
    assert "\nempty.eml: this is hardly a mail; save one with all its headers" in outcome.err
    assert "order.eml: this" not in outcome.err
    assert len(objects(outcome.out)) == 2


def test_no_file_is_too_hostile(here: Installation) -> None:
    for name, raw in HOSTILE.items():
        (here.folder / name).write_bytes(raw)

    for order in ((), ("--thread",)):
        outcome = here.call("explain", "--json", *order, *HOSTILE)
        assert outcome.code == 0, outcome.err
        assert [one["file"] for one in objects(outcome.out)] == list(HOSTILE)
        assert outcome.out.isascii()
    page = here.call("explain", *HOSTILE)
    assert page.code == 0, page.err
    assert not set(page.out) & {"\x1b", "\x07", "\x00", "\x9b"}


def test_for_people_it_shows_the_reason_and_what_would_be_said(here: Installation) -> None:
    outcome = here.call("explain", "order.eml", PYTHONIOENCODING="utf-8")

    assert outcome.code == 0
    assert "kind      customer: written by a customer\n" in outcome.out
    assert "✗ setup.exe" in outcome.out
    assert "refused, extension_blocked: files of this name are refused" in outcome.out
    assert "an acknowledgement and why files were refused, in `it`" in outcome.out
    assert "(the mode is shadow: it would be recorded and not sent)" in outcome.out
    assert "| Subject: " in outcome.out


def test_a_contact_form_is_told_where_to_name_it(here: Installation) -> None:
    form = b"From: wordpress@example.test\nTo: support@example.test\nSubject: Website\n"
    (here.folder / "form.eml").write_bytes(form + b"Reply-To: paolo@example.net\n\nHello\n")
    (here.folder / "machine.eml").write_bytes(form + b"\nHello\n")

    assert "`trust_reply_to`" in here.call("explain", "form.eml").out
    assert "`trust_reply_to`" not in here.call("explain", "machine.eml").out


def test_a_terminal_that_knows_only_ascii_gets_ascii(here: Installation) -> None:
    outcome = here.call("explain", "order.eml", PYTHONIOENCODING="ascii")

    assert outcome.code == 0
    assert outcome.out.isascii()
    assert "FAILED setup.exe" in outcome.out
