"""The command line in a real terminal: narrow and wide, with colours and without, and left early."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.servers.dovecot import Account
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    ROOT,
    Installation,
    a_config,
    a_letter,
    imap_of,
    smtp_of,
)
from tests.system.terminal import Terminal, terminal

PROGRAM = (sys.executable, "-m", "maildaemon")
INTERRUPTED = 130
A_TABLE = """
from maildaemon.cli.output import put_table
put_table(
    ("ID", "CUSTOMER", "SUBJECT", "STATE"),
    [(7, "anna@example.net", "大きい the clasp of my bracelet is broken, what can I do", "open"),
     (12, "b@example.net", "thank you", "resolved")],
    wide=("SUBJECT", "CUSTOMER"),
)
"""


@pytest.fixture
def here(tmp_path: Path, account: Account, sink: SmtpSink) -> Installation:
    installation = Installation(tmp_path)
    installation.config.write_text(a_config(imap_of(account), smtp_of(sink, account)))
    return installation


def shown(
    here: Installation,
    *words: str,
    columns: int = 80,
    around: dict[str, str] | None = None,
) -> Terminal:
    environment = here.environment_with(around or {})
    with terminal(words, here.folder, environment, columns=columns) as at:
        at.end()
    return at


def words_of(text: str) -> list[str]:
    """Return what was said, in order, wherever lines and columns end."""
    # How much of a disk is free changes while one looks.
    return re.sub(r"\W+", " ", re.sub(r"[\d.]+ GB", "GB", text)).split()


@pytest.mark.parametrize("asked", [(), ("outbox",)])
def test_who_names_no_command_gets_the_help_as_it_is_laid_out(
    here: Installation, asked: tuple[str, ...]
) -> None:
    asked = (*PROGRAM, *asked)

    assert shown(here, *asked).shown == shown(here, *asked, "--help").shown


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("asked", [("--help",), ("check", "--help"), ("check",), ("runn",)])
def test_no_word_is_torn_or_lost_in_a_terminal_of_any_width(
    here: Installation, columns: int, asked: tuple[str, ...]
) -> None:
    piped = here.call(*asked, COLUMNS="1000")

    at = shown(here, *PROGRAM, *asked, columns=columns)

    assert words_of(at.plain) == words_of(piped.out + piped.err)
    too_wide = [line for line in at.plain.splitlines() if cell_len(line) > columns]
    # Only what is one word may be wider: the path of a file, say.
    assert [line for line in too_wide if " " in line.strip()] == []


def test_it_says_that_it_watches_when_what_arrives_is_answered_and_not_before(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    word = here.folder / "password"
    word.touch(0o600)
    word.write_text("wrong\n")
    text = a_config(imap_of(account), smtp_of(tls_sink, account))
    here.config.write_text(text.replace("{env: SUPPORT_PASSWORD}", f"{{file: {word}}}"))
    account.deliver(a_letter("years-ago"))
    command, around = (*PROGRAM, "run"), here.environment_with({})
    with terminal(command, here.folder, around, columns=200) as at:
        begun = at.wait_for("loop.failed")
        account.deliver(a_letter("before-it-is-let-in"))
        word.write_text("secret\n")
        begun += at.wait_for("mailbox.started")
        assert "watching" not in begun.replace("`watching`", "")
        at.wait_for(
            "watching support (support@example.test, live): what arrives from now on is new"
        )
        account.deliver(a_letter("after"))
        [answered] = tls_sink.wait_accepted(1, 30)
        at.type("", "\x03")
        assert at.end() == 0

    assert "starting with support (support@example.test, live); Ctrl-C ends it" in begun
    assert "first start of support: what lies there already is never answered" in begun
    assert b"In-Reply-To: <after@example.net>" in answered.raw
    assert len(tls_sink.accepted()) == 1


def test_a_later_start_says_nothing_of_what_lies_there(here: Installation) -> None:
    assert here.call("run", "--once").code == 0
    command, around = (*PROGRAM, "run"), here.environment_with({})
    with terminal(command, here.folder, around, columns=200) as at:
        begun = at.wait_for("watching support (support@example.test, live)\r\n")
        at.type("", "\x03")
        assert at.end() == 0

    assert "first start" not in begun


@pytest.mark.parametrize("columns", [24, 40, 60, 200])
def test_a_table_keeps_every_word(here: Installation, columns: int) -> None:
    at = shown(here, sys.executable, "-c", A_TABLE, columns=columns)

    assert [line for line in at.plain.splitlines() if cell_len(line) > columns] == []
    said = set(words_of(at.plain))
    assert said >= set(words_of("clasp of my bracelet is broken what can I do thank you resolved"))
    assert "anna@example.net" in at.plain
    assert ("ID  CUSTOMER" in at.plain) is (columns >= 40)


def test_colours_are_for_terminals_that_want_them(here: Installation) -> None:
    assert "\x1b[32m" in shown(here, *PROGRAM, "check").shown
    for around in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in shown(here, *PROGRAM, "check", around=around).shown
    # https://no-color.org: an empty one says nothing.
    assert "\x1b[32m" in shown(here, *PROGRAM, "check", around={"NO_COLOR": ""}).shown
    assert "\x1b" not in here.call("check").out


def test_where_there_are_no_signs_words_stand(here: Installation) -> None:
    here.config.write_text(here.config.read_text().replace("port:", "prot:"))

    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert "FAILED" in shown(here, *PROGRAM, "check", around=ascii_only).plain
    assert "✗ FAILED: " in shown(here, *PROGRAM, "check").plain


def test_ctrl_c_is_quiet(here: Installation) -> None:
    os.mkfifo(here.folder / "letter.eml")
    command = (*PROGRAM, "explain", "letter.eml")
    with (
        terminal(command, here.folder, here.environment_with({})) as at,
        # This opens when the program does, which waits for the letter from then on.
        (here.folder / "letter.eml").open("wb"),
    ):
        assert at.leave("\x03") == INTERRUPTED

    assert at.plain.replace("^C", "").strip() == ""


@pytest.mark.parametrize("command", ["config example", "config schema", "--help"])
def test_whoever_has_read_enough_hears_no_complaint(here: Installation, command: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    line = f'set -o pipefail; "{sys.executable}" -m maildaemon {command} | head -1'
    done = subprocess.run(
        [bash, "-c", line],
        cwd=here.folder,
        env=here.environment_with({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_bash_completes_commands_and_options(here: Installation, tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    program = bin_ / "maildaemon"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m maildaemon "$@"\n')
    program.chmod(0o755)
    around = here.environment_with(
        {
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PS1": "ready> ",
            "PYTHONPATH": str(ROOT),
        }
    )
    with terminal(["bash", "--norc", "--noprofile", "-i"], here.folder, around) as at:
        at.wait_for("ready> ")
        at.type('eval "$(maildaemon completion bash)" && echo "it is" in')
        at.wait_for("it is in")
        at.wait_for("ready> ")
        at.type("maildaemon thr", "\t")
        at.wait_for("threads ")
        at.type("tra", "\t")
        at.wait_for("transcript ")
        at.type("--outp", "\t")
        at.wait_for("--output ")
        at.type("\x15exit")
        at.end()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_told_what_to_put_where(here: Installation, shell: str) -> None:
    outcome = here.call("completion", shell)

    assert outcome.code == 0
    first, *script = outcome.out.splitlines()
    assert first.startswith("# To have it in every terminal, ")
    assert f"maildaemon completion {shell}" in first
    assert any("_MAILDAEMON_COMPLETE" in line for line in script)
