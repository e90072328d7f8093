"""Mail as shops have it in files: where it lies tells who wrote it, its header when it came."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildaemon.adapters.mail_files import find_letters
from maildaemon.ports import Role

MAIL = b"From: a@b.example\nSubject: %s\nDate: Fri, 20 Nov 2026 %s:00:00 +0000\n\nHello\n"


def a_mail(subject: str, hour: int) -> bytes:
    return MAIL % (subject.encode(), str(hour).encode())


def found(*paths: Path) -> tuple[list[tuple[str, Role, int]], list[str]]:
    left_out: list[str] = []
    letters = find_letters(paths, lambda name, why: left_out.append(f"{Path(name).name}: {why}"))
    told = [
        (one.read().split(b"Subject: ")[1].split(b"\n")[0].decode(), one.role, one.arrived_at.hour)
        for one in letters
    ]
    return told, left_out


def test_an_mbox_is_taken_apart_and_its_quoted_lines_are_as_they_were(tmp_path: Path) -> None:
    second = a_mail("second", 9) + b"\n>From here on all is well\nFrom nobody: a line\n"
    mbox = tmp_path / "inbox.mbox"
    mbox.write_bytes(
        b"From - Fri Nov 20 10:00:00 2026\n" + a_mail("first", 10) + b"\nFrom x\n" + second
    )
    (letter, _) = find_letters([mbox], lambda *_: None)

    assert found(mbox) == ([("second", Role.INBOX, 9), ("first", Role.INBOX, 10)], [])
    assert b"\nFrom here on all is well\n" in letter.read()


def test_what_lies_in_a_folder_or_file_called_sent_was_written_by_staff(tmp_path: Path) -> None:
    maildir, folders = tmp_path / "maildir", tmp_path / "folders"
    for folder in (maildir / "cur", maildir / ".INBOX.Sent" / "cur", folders / "SENT"):
        folder.mkdir(parents=True)
    (maildir / "cur" / "1:2,S").write_bytes(a_mail("asked", 8))
    (maildir / ".INBOX.Sent" / "cur" / "2:2,S").write_bytes(a_mail("answered", 9))
    (maildir / "dovecot.index").write_bytes(b"\x00")
    (folders / "SENT" / "1.eml").write_bytes(a_mail("answered again", 10))
    (folders / "sent-2026.mbox").write_bytes(b"From x\n" + a_mail("answered in time", 11))

    assert found(maildir, folders) == (
        [
            ("asked", Role.INBOX, 8),
            ("answered", Role.SENT, 9),
            ("answered again", Role.SENT, 10),
            ("answered in time", Role.SENT, 11),
        ],
        [],
    )
    assert found(folders / "SENT" / "1.eml")[0] == [("answered again", Role.SENT, 10)]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Posta inviata", Role.SENT),
        ("Gesendete Objekte.mbox", Role.SENT),
        ("Envoy\u0065\u0301s-2026.mbox", Role.SENT),
        ("Elementos enviados (1)", Role.SENT),
        (".INBOX.&AMk-l&AOk-ments envoy&AOk-s", Role.SENT),
        ("Indésirables", Role.JUNK),
        ("Entwürfe", None),
        ("Papierkorb.sbd", None),
        ("Werbung für Ringe", Role.INBOX),
        ("2026", Role.INBOX),
    ],
)
def test_folders_are_known_by_what_programs_call_them_in_any_language(
    tmp_path: Path, name: str, role: Role | None
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "1.eml").write_bytes(a_mail("x", 8))

    told, left_out = found(folder)

    assert [one[1] for one in told] == ([role] if role else [])
    assert bool(left_out) is (role is None)


def test_what_google_gives_out_in_one_file_is_told_apart_by_its_labels(tmp_path: Path) -> None:
    mbox = tmp_path / "All mail Including Spam and Trash.mbox"
    labels = ("Inbox,Opened", "Sent,Opened", "=?UTF-8?Q?Posta_inviata?=", "Spam", "Drafts", "Trash")
    mbox.write_bytes(
        b"".join(
            b"From 1@xxx Fri Nov 20 08:00:00 +0000 2026\nX-Gmail-Labels: %s\n%s\n"
            % (one.encode(), a_mail(one[:5], 8 + at))
            for at, one in enumerate(labels)
        )
    )

    told, left_out = found(mbox)

    assert [one[1] for one in told] == [Role.INBOX, Role.SENT, Role.SENT, Role.JUNK, Role.INBOX]
    assert left_out == [f"{mbox.name}#5: a draft was never sent"]


def test_a_mail_arrived_when_its_topmost_received_says(tmp_path: Path) -> None:
    received = b"Received: from a by b;\n Sat, 21 Nov 2026 12:00:00 +0100\n"
    earlier = b"Received: from c by a; Sat, 21 Nov 2026 10:00:00 +0100\n"
    (tmp_path / "one.eml").write_bytes(received + earlier + a_mail("late", 9))
    (letter,) = find_letters([tmp_path / "one.eml"], lambda *_: None)

    assert letter.arrived_at == datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_what_is_no_mail_is_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "Drafts").mkdir()
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "picture.eml").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "undated.eml").write_bytes(b"From: a@b.example\n\nHello\n")
    (tmp_path / "broken.mbox").write_bytes(b"From nothing\n\n\n")

    assert found(tmp_path) == (
        [],
        [
            "Drafts: drafts and deleted mail were never received",
            "broken.mbox: there is no mail in it",
            "empty.eml: it is empty",
            "picture.eml: this is no mail",
            "undated.eml: nothing tells when it arrived (no Received, no Date)",
        ],
    )


def test_a_mail_that_is_named_twice_arrives_once(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(a_mail("once", 8))

    assert len(found(tmp_path, tmp_path / "one.eml")[0]) == 1
