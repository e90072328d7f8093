"""The tables say what agrees, whose the differences are, and fail on what nobody explained."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LOADERS = """
MAIL = (b"From: Anna <anna@customer.example>\\nTo: support@shop.example\\nSubject: The ring\\n"
        b"Message-ID: <ring@customer.example>\\nDate: Fri, 20 Nov 2026 10:00:00 +0000\\n")
def norm(text):
    return "\\n".join(line.strip() for line in (text or "").splitlines() if line.strip())
def check_new_text(expected, got):
    return [] if norm(expected["new_text"]) == norm(got) else ["new_text"]
def mails():
    body = b"\\nIt broke.\\n\\nOn Monday, Shop <shop@shop.example> wrote:\\n> Hello\\n"
    known = {"subject": SUBJECT, "from": [{"name": "Anna", "address": "ANNA@customer.example"}],
             "date": "2026-11-20T11:00:00+01:00", "message_id": "<ring@customer.example>",
             "new_text": "It broke.", "attachments": [], "attachments_semantics": "all",
             "max_seconds": 2, "is_bounce": False, "smell": "none"}
    yield "mails/one.eml", MAIL + body, known
def threads():
    answer = MAIL.replace(b"<ring@", b"<more@") + b"In-Reply-To: <ring@customer.example>\\n\\nMore\\n"
    yield "threads/two", b"", {
        "messages": [("first", MAIL + b"\\nHello\\n"), ("second", answer)],
        "parents": {"ring@customer.example": None, "more@customer.example": "ring@customer.example"},
        "threads": [["ring@customer.example", "more@customer.example"]]}
ALL = {"mails": mails, "threads": threads}
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(
        *options: str, subject: str = "The ring", written: str = "The ring", reasons: str = ""
    ) -> object:
        loaders = LOADERS.replace("Subject: The ring", f"Subject: {written}")
        (tmp_path / "loaders.py").write_text(f"SUBJECT = {subject!r}\n{loaders}")
        (tmp_path / "mails.toml").write_text(reasons or "difference = []")
        command = [sys.executable, "-m", "tests.corpus", str(tmp_path), "--reasons", str(tmp_path)]
        return subprocess.run(
            [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
        )

    return run  # type: ignore[return-value]


def row(output: str, field: str) -> list[str]:
    [line] = [line for line in output.splitlines() if line.startswith(f"| {field} ")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_where_all_agrees_the_table_says_so_and_the_command_succeeds(run: Run) -> None:
    done = run()

    assert done.returncode == 0, done.stdout + done.stderr
    for field in ("subject", "sender", "date", "reply text", "class", "seconds"):
        assert row(done.stdout, field) == ["1", "1", "0", "0", "0", "100.0", "100.0"]
    for field in ("parent, as listed", "thread, by date"):
        assert row(done.stdout, field) == ["2", "2", "0", "0", "0", "100.0", "100.0"]
    assert "NOT COMPARED: smell" in done.stdout
    assert "0 crashed, 0 over 2 s" in done.stdout


def test_a_difference_that_nobody_explained_fails_and_is_told_with_both_values(run: Run) -> None:
    done = run(subject="The chain")

    assert done.returncode == 1
    assert row(done.stdout, "subject") == ["1", "0", "0", "0", "1", "0.0", "0.0"]
    assert "unexplained: mails/one.eml [subject]" in done.stdout
    assert "expected 'The chain'" in done.stdout
    assert "got      'The ring'" in done.stdout


def test_a_difference_with_a_reason_counts_for_who_is_wrong(run: Run) -> None:
    reasons = (
        "[[difference]]\nfields = ['subject']\nwho = 'theirs'\nwhy = 'it says ring'\n"
        "cases = ['one.eml']\n"
    )
    done = run("--differences", subject="The chain", reasons=reasons)

    assert done.returncode == 0
    assert row(done.stdout, "subject") == ["1", "0", "0", "1", "0", "0.0", "–"]
    assert "theirs: mails/one.eml [subject] it says ring" in done.stdout


def test_a_reason_for_what_agrees_is_out_of_date_and_fails(run: Run) -> None:
    reasons = (
        "[[difference]]\nfields = ['subject']\nwho = 'ours'\nwhy = 'not yet'\ncases = ['one.eml']\n"
    )
    done = run("--set", "mails", reasons=reasons)

    assert done.returncode == 1
    assert "STALE: mails/one.eml subject" in done.stdout


def test_what_is_taken_for_a_card_number_is_counted_and_must_be_rare(run: Run) -> None:
    done = run("--cards")
    assert (done.returncode, done.stdout) == (
        0, "3 messages, 0 with something taken for a card number\n"
    )  # fmt: skip

    done = run("--cards", written="Card 4111 1111 1111 1111")
    assert done.returncode == 1
    assert "3 messages, 3 with" in done.stdout
    assert "MASKED mails/one.eml" in done.stdout


def test_a_folder_without_loaders_is_told(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.corpus", str(tmp_path / "nothing")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 66
    assert "no loaders.py" in done.stderr
