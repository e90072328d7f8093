"""What the command line shows of the records, and what it changes by an operator's word."""

import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maildaemon.cli import main
from maildaemon.cli.exits import user_name
from tests.servers.dovecot import Dovecot
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    A_FILE_IN_A_LETTER,
    Installation,
    Outcome,
    a_config,
    a_letter,
    imap_of,
    smtp_of,
)

USAGE = 64
EVIL = "Re: \x1b]0;owned\x07\u202elala"

Call = Callable[..., Outcome]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Installation]:
    """A shop that has had mail: an answered one, a refused file, an evil subject, one refused by
    the recipient's server.
    """
    folder = tmp_path_factory.mktemp("shop")
    account = dovecot.account()
    installation = Installation(folder)
    certificate = (dovecot.ca_file, dovecot.key_file)
    sink = SmtpSink(folder / "accepted.jsonl", security="starttls", certificate=certificate)
    with sink:
        installation.config.write_text(a_config(imap_of(account), smtp_of(sink, account)))
        assert installation.call("run", "--once").code == 0
        account.deliver(a_letter("first"))
        mixed = ("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
        account.deliver(
            a_letter(
                "second",
                "Re: Where?",
                A_FILE_IN_A_LETTER,
                "In-Reply-To: <first@example.net>",
                *mixed,
            )
        )
        account.deliver(
            a_letter("third", EVIL).replace(b"anna@example.net", b"berta@example.org"),
            sender="berta@example.org",
        )
        sink.plan("RCPT", "", "550 5.1.1 no such user")
        assert installation.call("run", "--once").code == 0
        yield installation


@pytest.fixture
def call(
    shop: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Call:
    """Run a command in this process, where nothing of the process matters."""
    monkeypatch.chdir(shop.folder)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("MAILDAEMON_CONFIG", raising=False)

    def run(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        assert isinstance(end.value.code, int)
        return Outcome(end.value.code, captured.out.decode(), captured.err.decode())

    return run


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_threads_are_listed_with_whose_turn_it_is(call: Call) -> None:
    berta, anna = lines(call("threads", "list", "--json"))

    assert {**anna, "reference": "", "opened_at": "", "last_message_at": ""} | {
        "acknowledged_at": ""
    } == {
        "reference": "",
        "mailbox": "support",
        "status": "open",
        "subject": "Where is my order?",
        "customer": "anna@example.net",
        "messages": 2,
        "language": "en",
        "opened_at": "",
        "last_message_at": "",
        "acknowledged_at": "",
        "answered_at": None,
        "promised_at": None,
        "first_reply_seconds": None,
        "rating": None,
        "muted_until": None,
        "assigned_to": None,
        "linked_to": None,
        "merged_into": None,
        "category": None,
        "priority": "normal",
        "tags": [],
        "promise": None,
        "after_answer": None,
        "missing": [],
        "asked": [],
        "stranger": False,
        "history": False,
    }
    assert anna["opened_at"].endswith("+00:00")
    assert berta["customer"] == "berta@example.org"
    assert lines(call("threads", "list", "--status", "resolved", "--json")) == []
    assert lines(call("threads", "list", "--limit", "1", "--json")) == [berta]


def test_what_a_stranger_wrote_never_steers_the_terminal(call: Call) -> None:
    [berta, _] = lines(call("threads", "list", "--json"))

    for command in (
        ("threads", "list"),
        ("threads", "show", berta["reference"]),
        ("messages", "show", "third@example.net"),
    ):
        outcome = call(*command)

        assert outcome.code == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(outcome.out)
        assert "owned" in outcome.out


def test_one_thread_is_shown_whole(call: Call) -> None:
    [_, anna] = lines(call("threads", "list", "--json"))

    [shown] = lines(call("threads", "show", f"[#{anna['reference'].lower()}]", "--json"))
    page = call("threads", "show", anna["reference"])

    assert shown["thread"] == anna
    assert shown["participants"] == [
        {"address": "anna@example.net", "name": "Anna Bianchi", "role": "customer"}
    ]
    assert [one["message_id"] for one in shown["messages"]] == [
        "first@example.net",
        "second@example.net",
    ]
    assert [one["state"] for one in shown["mails"]] == ["sent"]
    assert "message_received" in {one["event"] for one in shown["events"]}
    assert "message 1 (customer) from anna@example.net: Where is my order?" in page.out


def test_a_message_is_found_by_number_and_by_id(call: Call) -> None:
    [by_id] = lines(call("messages", "show", "<second@example.net>", "--json"))
    [by_number] = lines(call("messages", "show", by_id["id"], "--json"))

    assert by_id == by_number
    assert by_id["kind"] == "customer"
    assert by_id["silence"] == "sender_ceiling"
    assert by_id["files"][0]["filename"] == "form.exe"
    assert by_id["places"] == [{"folder": "INBOX", "uid": 2, "state": "done"}]
    assert "Please find the form attached." in by_id["text"]


def test_messages_show_says_in_words_why_a_file_was_refused(call: Call) -> None:
    outcome = call("messages", "show", "second@example.net")

    assert "refused, extension_blocked: files of this name are refused" in outcome.out


def test_the_bytes_of_a_message_come_as_they_are(call: Call) -> None:
    outcome = call("messages", "show", "first@example.net", "--raw")

    assert outcome.code == 0
    assert "\r\nMessage-ID: <first@example.net>\r\n" in outcome.out


def test_the_outbox_tells_what_the_server_said(call: Call) -> None:
    refused, sent = lines(call("outbox", "list", "--json"))
    page = call("outbox", "show", refused["id"])

    assert (sent["state"], sent["recipient"]) == ("sent", "anna@example.net")
    assert (refused["state"], refused["recipient"]) == ("failed", "berta@example.org")
    assert (refused["reply_code"], refused["sections"]) == (550, ["acknowledgement"])
    assert lines(call("outbox", "list", "--state", "failed", "--json")) == [refused]
    assert "server said  550 5.1.1 no such user" in page.out
    assert call("outbox", "show", refused["id"], "--raw").out.startswith(
        ("From:", "Date:", "Message-ID:", "MIME-Version:", "Subject:")
    )


def test_a_failed_mail_is_tried_again_or_cancelled_by_an_operators_word(call: Call) -> None:
    [refused] = lines(call("outbox", "list", "--state", "failed", "--json"))
    number = refused["id"]

    assert call("outbox", "cancel", number).code == USAGE
    assert call("outbox", "retry", number).out == f"mail {number} is queued again\n"
    assert call("outbox", "retry", number).code == USAGE
    [again] = lines(call("outbox", "list", "--state", "queued", "--json"))
    assert again["expires_at"] > refused["expires_at"], "it would only expire again"
    assert call("outbox", "cancel", number).out == f"mail {number} is cancelled\n"
    [cancelled] = lines(call("outbox", "list", "--state", "cancelled", "--json"))

    assert cancelled["why"] == f"cancelled by {user_name()}"


def test_a_refused_file_is_released_under_a_harmless_name(call: Call, tmp_path: Path) -> None:
    [file] = lines(call("attachments", "list", "--refused", "--json"))
    outcome = call("attachments", "release", file["id"], "--to", tmp_path)
    released = tmp_path / "form.exe"

    assert outcome.out == f"{released}\n"
    assert "careful: it was refused (extension_blocked)" in outcome.err
    assert len(released.read_bytes()) == file["size"]
    assert stat.S_IMODE(released.stat().st_mode) == 0o600
    again = call("attachments", "release", file["id"], "--to", tmp_path)
    assert again.code == USAGE
    assert "there is a file already" in again.err
    [file] = lines(call("attachments", "list", "--json"))
    assert file["released_at"] is not None
    assert lines(call("attachments", "list", "--held", "--json")) == []


def test_malware_cannot_be_taken_out_and_why_is_said(
    call: Call, shop: Installation, tmp_path: Path
) -> None:
    path = shop.data / "maildaemon.db"
    [file] = lines(call("attachments", "list", "--refused", "--json"))

    def mark(reason: str, dropped_at: str | None) -> None:
        with sqlite3.connect(path) as database:
            words = "UPDATE attachment SET reason = ?, dropped_at = ? WHERE id = ?"
            database.execute(words, (reason, dropped_at, file["id"]))
        database.close()

    mark("malware", "2026-11-22 10:00:00.000000")
    outcome = call("attachments", "release", file["id"], "--to", tmp_path)
    page = call("attachments", "list")
    mark(file["reason"], None)

    assert outcome.code == USAGE
    assert "is malware: its bytes were dropped when it came" in outcome.err
    assert list(tmp_path.iterdir()) == []
    assert "refused (dropped)" in page.out


def test_a_parked_message_is_listed_and_tried_again(call: Call, shop: Installation) -> None:
    with sqlite3.connect(shop.data / "maildaemon.db") as database:
        database.execute("UPDATE inbound SET state='parked', failures=3, error='boom' WHERE id=1")
    database.close()

    [parked] = lines(call("parked", "list", "--json"))
    page = call("parked", "list")

    assert (parked["id"], parked["error"], parked["folder"]) == (1, "boom", "INBOX")
    assert str(shop.data / "raw") in page.out
    assert call("parked", "retry").code == USAGE
    assert call("parked", "retry", 1, "--all").code == USAGE
    assert call("parked", "retry", 99).code == USAGE
    assert call("parked", "retry", "--all").out == "1 due again\n"
    assert call("parked", "list").out == "nothing is parked\n"
    with sqlite3.connect(shop.data / "maildaemon.db") as database:
        database.execute("UPDATE inbound SET state='done' WHERE id=1")
    database.close()


def test_a_backup_over_a_file_that_is_there_is_a_mistake_of_the_command_line(
    call: Call, tmp_path: Path
) -> None:
    there = tmp_path / "there.db"
    there.write_text("precious")
    outcome = call("db", "backup", there)

    assert (outcome.code, there.read_text()) == (USAGE, "precious")
    assert "there is a file already" in outcome.err


def test_the_brake_is_released_by_resume(call: Call, shop: Installation) -> None:
    with sqlite3.connect(shop.data / "maildaemon.db") as database:
        database.execute(
            "INSERT INTO brake (mailbox_id, name, reason, set_at)"
            " VALUES (1, 'breaker', '99 automatic mails in 10 minutes', '2026-11-21 10:00:00')"
        )
    database.close()

    braked = call("status")
    assert "automatic mail stands still: 99 automatic mails in 10 minutes" in braked.out
    assert "maildaemon resume" in braked.out
    assert call("resume", "--mailbox", "support").out == (
        "support: released breaker\nsupport: automatic mail flows again\n"
    )
    assert call("resume").out == "no brake was on; nothing has changed\n"
    assert call("resume", "--mailbox", "suport").code == USAGE


def test_status_is_well_after_a_success_and_names_what_needs_a_person(call: Call) -> None:
    [report] = lines(call("status", "--json"))

    assert (report["mailbox"], report["well"], report["mode"]) == ("support", True, "live")
    assert report["imap"]["last_error"] is None
    assert report["inbound"]["waiting"] == 0
    assert report["files"] in [{"held": 0, "refused": n, "too_large": 0} for n in (0, 1)]


def test_looking_changes_nothing_beside_the_database(call: Call, shop: Installation) -> None:
    before = {path: path.read_bytes() for path in shop.data.rglob("*") if path.is_file()}

    for command in (("threads", "list"), ("status",), ("outbox", "list"), ("db", "check")):
        assert call(*command).code == 0

    after = {path: path.read_bytes() for path in shop.data.rglob("*") if path.is_file()}
    assert after == before


def test_a_backup_is_a_sound_copy_and_never_replaces_a_file(call: Call, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"

    outcome = call("db", "backup", copy)

    assert outcome.out.startswith(f"wrote {copy} (")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    database = sqlite3.connect(copy)
    assert database.execute("SELECT count(*) FROM message").fetchone() == (3,)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert call("db", "backup", copy).code != 0
    assert call("db", "check").out.startswith("the database is sound")


def test_what_does_not_exist_is_a_wrong_request_with_the_list_to_look_at(call: Call) -> None:
    for command, listing in (
        (("threads", "show", "AAAA-AA"), "maildaemon threads list"),
        (("messages", "show", "nobody@example.net"), "maildaemon threads list"),
        (("outbox", "show", 99), "maildaemon outbox list"),
        (("outbox", "retry", 99), "maildaemon outbox list"),
        (("attachments", "release", 99, "--to", "x"), "maildaemon attachments list"),
    ):
        outcome = call(*command)

        assert (outcome.code, outcome.out) == (USAGE, "")
        assert f"what to do: see: {listing}" in outcome.err


def test_what_is_kept_of_a_person_becomes_a_zip_that_only_its_owner_can_read(
    call: Call, shop: Installation
) -> None:
    path = shop.folder / "berta.zip"

    told = lines(call("person", "export", "Berta@example.org", "-o", path, "--json"))[0]

    assert told["file"] == str(path)
    assert (told["addresses"], told["others"]) == (["berta@example.org"], [])
    assert told["rows"]["message"] >= 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        assert {"README.txt", "person.json"} <= {*archive.namelist()}
    again = call("person", "export", "berta@example.org", "-o", path)
    assert (again.code, "there is a file already" in again.err) == (USAGE, True)
    nobody = call("person", "export", "nobody@example.org", "-o", shop.folder / "nobody.zip")
    assert (nobody.code, "nothing is kept of nobody@example.org" in nobody.err) == (USAGE, True)
    assert not (shop.folder / "nobody.zip").exists()
    assert call("person", "export", "berta", "-o", path).code == USAGE
