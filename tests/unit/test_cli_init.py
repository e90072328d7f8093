"""`maildaemon init` writes a configuration that loads, and never over another one."""

import stat
from pathlib import Path

import pytest

from maildaemon.adapters.vocabulary import parse_words
from maildaemon.bootstrap import make_composer
from maildaemon.cli import main
from maildaemon.cli.init import PROVIDERS
from maildaemon.settings import Source, load_settings
from maildaemon.settings.providers import PROVIDERS as KNOWN
from maildaemon.settings.providers import provider_of_exchange
from tests.servers.dovecot import make_certificate

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
    assert "--force puts it aside" in capsys.readouterr().err
    assert init(*FLAGS, "--force") == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "maildaemon.yaml.old").read_text() == "mine"


def test_the_sentences_of_mails_may_be_written_out_and_say_the_same_until_they_are_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "templates" / "it" / "words.txt"
    own.parent.mkdir(parents=True)
    own.write_text("greeting: Salve!\n")

    assert init(*FLAGS, "--templates") == 0

    assert "templates/it/words.txt is there already" in capsys.readouterr().err
    settings = load_settings(tmp_path / "maildaemon.yaml")
    assert settings.service.templates == tmp_path / "templates"
    composer = make_composer(settings)
    composer.check()
    assert composer.remarks() == ()
    assert own.read_text() == "greeting: Salve!\n"
    written = {path.parent.name for path in (tmp_path / "templates").glob("*/words.txt")}
    assert written >= {"de", "en", "it", "uk"}
    assert parse_words((tmp_path / "templates" / "de" / "words.txt").read_text()) == {}


def test_a_script_is_told_which_flags_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--address", "support@shop.example") == USAGE

    assert "--imap-host, --smtp-host missing" in capsys.readouterr().err


def test_what_would_not_load_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(*FLAGS, "--mailbox", "no name") == CONFIG

    assert list(tmp_path.iterdir()) == []
    assert "mailboxes[0].name" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["shop.test", "no address", "", "a@b@c.example"])
def test_what_is_no_address_is_said_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert init(*FLAGS[2:], "--address", address) == USAGE

    assert list(tmp_path.iterdir()) == []
    assert (
        f"--address: `{address}` is no mail address; write for example" in capsys.readouterr().err
    )


def test_a_name_is_written_as_it_is_given(tmp_path: Path) -> None:
    assert init(*FLAGS, "--display-name", "Müller & Söhne: Schmuck") == 0

    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert mailbox.display_name == "Müller & Söhne: Schmuck"


def test_a_file_of_certificates_is_read_at_once_and_found_from_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_certificate(tmp_path / "server.pem", tmp_path / "server.key")
    assert init(*FLAGS, "--ca-file", "server.key") == USAGE
    assert "--ca-file: server.key holds no PEM certificates" in capsys.readouterr().err
    (tmp_path / "etc").mkdir()

    for folder in (".", "etc"):
        assert init(*FLAGS, "--ca-file", "server.pem", "--output", folder) == 0
        [mailbox] = load_settings(tmp_path / folder / "maildaemon.yaml").mailboxes
        assert mailbox.smtp is not None
        assert mailbox.imap.ca_file == mailbox.smtp.ca_file == tmp_path / "server.pem"
    assert "ca_file: server.pem" in (tmp_path / "maildaemon.yaml").read_text()


@pytest.mark.parametrize("server", ["", ":993", "imap.example.com:imap"])
def test_what_is_no_server_is_said(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--address", "a@b.example", "--imap-host", server, "--smtp-host", "x") == USAGE

    assert "--imap-host" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "imap", "smtp", "port"),
    [
        ("me@gmail.com", "imap.gmail.com", "smtp.gmail.com", 465),
        ("me@ICLOUD.com", "imap.mail.me.com", "smtp.mail.me.com", 587),
        ("me@fastmail.fm", "imap.fastmail.com", "smtp.fastmail.com", 465),
        ("me@yahoo.com", "imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465),
    ],
)
def test_the_servers_of_a_large_provider_are_known_and_what_it_takes_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    address: str,
    imap: str,
    smtp: str,
    port: int,
) -> None:
    assert init("--address", address) == 0

    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert mailbox.smtp is not None
    assert (mailbox.imap.host, mailbox.imap.port) == (imap, 993)
    assert (mailbox.smtp.host, mailbox.smtp.port) == (smtp, port)
    assert "an app password" in capsys.readouterr().out


def test_a_provider_that_takes_no_password_is_logged_in_to_by_oauth2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_their_own = ("--address", "help@shop.example", "--provider", "microsoft")
    assert init(*of_their_own) == USAGE
    assert "--client-id ID" in capsys.readouterr().err

    assert init(*of_their_own, "--client-id", "0f3c", "--tenant", "shop.example") == 0

    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert mailbox.imap.password is None
    assert mailbox.imap.oauth2 is not None
    assert mailbox.smtp is not None
    assert mailbox.smtp.oauth2 == mailbox.imap.oauth2
    assert (mailbox.imap.oauth2.provider, mailbox.imap.oauth2.tenant) == (
        "microsoft",
        "shop.example",
    )
    assert "maildaemon auth     # sign in" in capsys.readouterr().out
    assert init("--address", "me@outlook.com", "--client-id", "0f3c", "--force") == 0
    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert mailbox.imap.oauth2 is not None
    assert mailbox.imap.oauth2.tenant == "consumers"


def test_an_application_at_google_has_a_secret_which_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--address", "me@gmail.com", "--client-id", "0f3c") == 0

    [mailbox] = load_settings(tmp_path / "maildaemon.yaml").mailboxes
    assert mailbox.imap.oauth2 is not None
    assert mailbox.imap.oauth2.client_secret is not None
    assert mailbox.imap.oauth2.client_secret.value == ("OAUTH_CLIENT_SECRET",)
    said = capsys.readouterr().out
    assert "read -rs OAUTH_CLIENT_SECRET" in said
    assert "maildaemon auth     # sign in" in said


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com", "google"),
        ("SHOP-EXAMPLE.mail.protection.outlook.com.", "microsoft"),
        ("shop-example.x-v1.mx.microsoft", "microsoft"),
        ("in1-smtp.messagingengine.com", "fastmail"),
        ("mx01.mail.icloud.com", "icloud"),
        ("notgoogle.com", None),
        ("google.com.evil.example", None),
    ],
)
def test_a_provider_is_known_by_where_mail_arrives(host: str, name: str | None) -> None:
    found = provider_of_exchange(host)

    assert (found.name if found else None) == name


def test_the_providers_of_the_flag_are_those_that_are_known() -> None:
    assert tuple(one.name for one in KNOWN) == PROVIDERS
