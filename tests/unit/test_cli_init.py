"""`maildaemon init` writes a configuration that loads, and never over another one."""

import io
import stat
from pathlib import Path

import pytest

from maildaemon.cli import main
from maildaemon.settings import Source, load_settings

USAGE, CONFIG = 64, 78
FLAGS = (
    *("--address", "support@shop.example"),
    *("--imap-host", "imap.shop.example"),
    *("--smtp-host", "smtp.shop.example:587"),
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILDAEMON_CONFIG", raising=False)


def init(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["init", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_the_file_loads_is_private_and_sends_nothing_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(*FLAGS) == 0

    path = tmp_path / "maildaemon.yaml"
    [mailbox] = load_settings(path).mailboxes
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (mailbox.name, mailbox.imap.username) == ("support", "support@shop.example")
    assert mailbox.smtp is not None
    assert (mailbox.smtp.host, mailbox.smtp.port) == ("smtp.shop.example", 587)
    assert load_settings(path).service.mode.default.value == "shadow"
    assert capsys.readouterr().out == (
        "wrote maildaemon.yaml: shadow mode, nothing is sent\n"
        "next:\n"
        "  read -rs SUPPORT_PASSWORD && export SUPPORT_PASSWORD"
        "     # type the password, then Enter\n"
        "  maildaemon check --connect\n"
        "  maildaemon run\n"
    )


def test_the_password_may_lie_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()

    code = init(*FLAGS, "--password-file", "/etc/shop.pass", "--mailbox", "shop", "--output", "etc")

    assert code == 0
    [mailbox] = load_settings(folder / "maildaemon.yaml").mailboxes
    assert mailbox.name == "shop"
    assert mailbox.imap.password is not None
    assert mailbox.imap.password.source is Source.FILE
    assert "maildaemon --config etc/maildaemon.yaml run" in capsys.readouterr().out


def test_a_file_that_is_there_is_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "maildaemon.yaml"
    path.write_text("mine")

    assert init(*FLAGS) == USAGE
    assert path.read_text() == "mine"
    assert "--force replaces it" in capsys.readouterr().err
    assert init(*FLAGS, "--force") == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_script_is_told_which_flags_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--address", "support@shop.example") == USAGE

    assert "--imap-host, --smtp-host missing" in capsys.readouterr().err


def test_a_slip_is_asked_again_where_it_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ("support", "support@shop.example", "support@shop.example", "mail.shop.example:143")
    answers = io.StringIO("\n".join((*typed, "", "")) + "\n")
    monkeypatch.setattr(answers, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", answers)

    assert init() == 0

    asked = capsys.readouterr().err
    assert "Error: `support` is no mail address; write for example `support@example.com`" in asked
    assert "Error: `support@shop.example` is no host name" in asked
    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert (mailbox.address, mailbox.imap.port) == ("support@shop.example", 143)
    assert mailbox.smtp is not None
    assert mailbox.smtp.host == "smtp.shop.example"


def test_what_would_not_load_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(*FLAGS[2:], "--address", "no address") == CONFIG

    assert list(tmp_path.iterdir()) == []
    assert "address" in capsys.readouterr().err


@pytest.mark.parametrize("server", ["", ":993", "imap.example.com:imap"])
def test_what_is_no_server_is_said(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--address", "a@b.example", "--imap-host", server, "--smtp-host", "x") == USAGE

    assert "--imap-host" in capsys.readouterr().err
