"""Whatever goes wrong is said in one message (what, where, what to do) and in the exit code."""

import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.dovecot import Account, make_certificate
from tests.servers.process import free_ports
from tests.servers.sink import SmtpSink
from tests.system.installation import ROOT, Installation, a_config, imap_of, smtp_of

USAGE, UNAVAILABLE, TEMPORARY, CONFIG = 64, 69, 75, 78
NOWHERE = {
    "host": "localhost",
    "port": 1,
    "security": "none",
    "username": "support",
    "password": "{env: SUPPORT_PASSWORD}",
}


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation whose servers nobody will ever ask."""
    installation = Installation(tmp_path)
    installation.config.write_text(a_config(NOWHERE, NOWHERE))
    return installation


def test_a_mistyped_command_is_recognised(here: Installation) -> None:
    outcome = here.call("stauts")

    assert (outcome.code, outcome.out) == (USAGE, "")
    assert outcome.err.startswith("error: there is no command `stauts`; did you mean `status`?\n")


def test_an_unknown_option_is_named_with_the_help_to_read(here: Installation) -> None:
    outcome = here.call("run", "--onec")

    assert outcome.code == USAGE
    assert "--onec" in outcome.err
    assert "see: maildaemon run --help" in outcome.err


def test_the_config_option_after_the_command_is_explained(here: Installation) -> None:
    outcome = here.call("run", "--config", "x.yaml")

    assert outcome.code == USAGE
    assert "`--config` stands before the command" in outcome.err


def test_without_a_configuration_it_says_what_was_tried(tmp_path: Path) -> None:
    outcome = Installation(tmp_path).call("run")

    assert outcome.code == CONFIG
    assert outcome.err == (
        "error: no configuration was found (tried: --config, $MAILDAEMON_CONFIG, "
        "maildaemon.yaml, /etc/maildaemon/maildaemon.yaml)\n"
        "  what to do: write one with `maildaemon init`, or name it: "
        "maildaemon --config FILE COMMAND\n"
    )


def test_the_environment_may_name_the_configuration(here: Installation, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    outcome = Installation(elsewhere).call("config", "show", MAILDAEMON_CONFIG=str(here.config))

    assert outcome.code == 0
    assert "support@example.test" in outcome.out


def test_all_mistakes_of_a_configuration_come_at_once_with_their_places(
    here: Installation,
) -> None:
    text = here.config.read_text().replace("host:", "hots:", 1)
    here.config.write_text(text.replace("name: support", "name: sup port"))

    outcome = here.call("run")

    assert outcome.code == CONFIG
    first, *problems = outcome.err.splitlines()
    assert first.startswith("error: the configuration has ")
    assert any(one.startswith("  maildaemon.yaml:4:") for one in problems)
    assert any("`hots`; did you mean `host`?" in one for one in problems)


def test_a_port_where_nobody_listens(here: Installation) -> None:
    [port] = free_ports(1)
    imap = {**NOWHERE, "port": port}
    here.config.write_text(a_config(imap, imap))

    outcome = here.call("run", "--once")

    assert outcome.code == UNAVAILABLE
    assert f"support: localhost:{port}: connection refused; nothing listens there" in outcome.err


def test_a_host_that_does_not_exist(here: Installation) -> None:
    imap = {**NOWHERE, "host": "imap.shop.invalid", "port": 993, "security": "tls"}
    here.config.write_text(a_config(imap, NOWHERE))

    outcome = here.call("run", "--once")

    assert outcome.code == UNAVAILABLE
    assert "error: support: imap.shop.invalid:993: the host name cannot be resolved" in outcome.err


def test_a_refused_password(here: Installation, account: Account, tls_sink: SmtpSink) -> None:
    here.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account)))

    outcome = here.call("run", "--once", SUPPORT_PASSWORD="wrong")

    assert outcome.code == UNAVAILABLE
    assert f"support: localhost:{account.server.imap_port}: the server refused" in outcome.err
    assert "what to do: check `username` and `password`" in outcome.err
    assert "wrong" not in outcome.err
    again = here.call("run", "--once", SUPPORT_PASSWORD="wrong")
    assert again.code == UNAVAILABLE, "what is left alone is no success"
    assert "support: IMAP is left alone until" in again.err


@pytest.mark.parametrize("named", [True, False])
def test_a_certificate_that_is_not_trusted(
    here: Installation, account: Account, tls_sink: SmtpSink, tmp_path: Path, *, named: bool
) -> None:
    stranger = tmp_path / "stranger.pem"
    make_certificate(stranger, tmp_path / "stranger.key")
    imap = imap_of(account, ca_file=stranger if named else None)
    smtp = smtp_of(tls_sink, account, ca_file=stranger if named else None)
    here.config.write_text(a_config(imap, smtp))

    outcome = here.call("check", "--connect")

    assert outcome.code == UNAVAILABLE
    lines = here.config.read_text().splitlines()
    for service in ("imap", "smtp"):
        found = re.search(
            rf"support: {service.upper()}: localhost:\d+: answers, but its certificate is not "
            r"trusted: .* issued by itself; SHA-256 fingerprint [0-9A-F: ]{95}\n.*by telephone.*"
            rf"`(openssl [^`]* -starttls {service} [^`]*)`.* `ca_file: server\.pem` at `{service}` "
            r"\((.*):(\d+)\)(.*)\n",
            outcome.out,
        )
        assert found is not None, outcome.out
        command, file, line, more = found.groups()
        assert lines[int(line) - 1].startswith(f"    {service}: ")
        assert (file, more) == ("maildaemon.yaml", f", in place of {stranger}" if named else "")
        # What it says to type, as a shell in that folder takes it.
        subprocess.run(
            ["sh", "-c", command], cwd=here.folder, check=True, capture_output=True, timeout=60
        )
        saved, shown = (here.folder / "server.pem").read_text(), account.server.ca_file.read_text()
        assert ssl.PEM_cert_to_DER_cert(saved) == ssl.PEM_cert_to_DER_cert(shown)


def test_servers_that_were_taken_for_one_another(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    imap, smtp = imap_of(account), smtp_of(tls_sink, account)
    for wrong in (imap, smtp):
        wrong["security"] = "tls"
    imap["port"], smtp["port"] = smtp["port"], imap["port"]
    here.config.write_text(a_config(imap, smtp))

    outcome = here.call("check", "--connect")

    assert outcome.code == UNAVAILABLE
    assert "this is an SMTP server; `imap.port` is mostly 993" in outcome.out
    assert "this is an IMAP server; `smtp.port` is mostly 465" in outcome.out


def test_a_folder_that_does_not_exist_is_answered_with_those_that_do(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    imap = imap_of(account, sent="Gesendet")
    here.config.write_text(a_config(imap, smtp_of(tls_sink, account)))

    outcome = here.call("run", "--once")

    assert outcome.code == UNAVAILABLE
    assert "Gesendet" in outcome.err
    assert "Drafts" in outcome.err


def without_passwords(here: Installation, account: Account, sink: SmtpSink) -> None:
    """Write a configuration of which no password is there, from wherever it is to come."""
    text = a_config(imap_of(account), smtp_of(sink, account))
    text = "{env: SMTP_PASSWORD}".join(text.rsplit("{env: SUPPORT_PASSWORD}", 1))
    second = text[text.index("  - name") :].replace("support", "returns")
    second = second.replace(account.user, "returns")
    second = second.replace("{env: SUPPORT_PASSWORD}", "{file: returns.pw}")
    second = second.replace("{env: SMTP_PASSWORD}", "{command: [/nowhere/to/be/found]}")
    here.config.write_text(f"{text}{second}alerts: {{webhook: {{env: HOOK}}}}\n")
    here.environment.clear()


IMAP = ("6: mailboxes[0].imap.password", "SUPPORT_PASSWORD")
SMTP = ("7: mailboxes[0].smtp.password", "SMTP_PASSWORD")
HOOK = ("12: alerts.webhook", "HOOK")


@pytest.mark.parametrize(
    ("words", "unset"),
    [
        ((), (IMAP, SMTP, HOOK)),
        (("--once",), (IMAP, SMTP, HOOK)),
        (("--only", "receive"), (IMAP, HOOK)),
        (("--only", "settle"), (IMAP, HOOK)),
        (("--only", "deliver"), (SMTP, HOOK)),
        (("--only", "process", "--only", "fire"), (HOOK,)),
    ],
    ids=["all", "once", "receive", "settle", "deliver", "process and fire"],
)
def test_every_password_that_no_variable_holds_is_named_before_anything_begins(
    here: Installation,
    account: Account,
    tls_sink: SmtpSink,
    words: tuple[str, ...],
    unset: tuple[tuple[str, str], ...],
) -> None:
    without_passwords(here, account, tls_sink)

    outcome = here.call("run", *words)

    assert outcome.code == CONFIG
    assert [line for line in outcome.err.splitlines() if line.startswith("error: ")] == [
        f"error: maildaemon.yaml:{where}: the environment variable {name} is not set"
        for where, name in unset
    ]
    for _, name in unset:
        assert f"in a terminal: read -rs {name} && export {name}," in outcome.err
        assert f"{name}=… in the file that its unit names" in outcome.err
    assert not here.data.exists() or not (here.data / "lock").exists(), "nothing has begun"


def test_every_password_that_the_loops_do_without_may_be_missing(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    without_passwords(here, account, tls_sink)
    here.environment["HOOK"] = "http://[::1]/"

    assert here.call("run", "--once", "--only", "process", "--only", "fire").code == 0


def test_every_password_file_that_is_late_keeps_down_its_own_mailbox_alone(
    here: Installation, account: Account, tls_sink: SmtpSink
) -> None:
    without_passwords(here, account, tls_sink)
    here.environment.update(SUPPORT_PASSWORD="secret", SMTP_PASSWORD="secret", HOOK="http://[::1]/")

    outcome = here.call("run", "--once", "--only", "receive")

    assert outcome.code == CONFIG
    assert f"there is no password file {here.folder}/returns.pw" in outcome.err
    assert f"install -m 600 /dev/stdin {here.folder}/returns.pw," in outcome.err
    assert outcome.err.count("error: ") == outcome.err.count("error: returns: ") == 1
    assert "mailbox.started" in outcome.err


def test_a_data_folder_that_cannot_be_written(here: Installation) -> None:
    here.data.write_text("a file where the folder should be")

    outcome = here.call("run", "--once")

    assert outcome.code == CONFIG
    assert str(here.data) in outcome.err
    assert "what to do:" in outcome.err


def test_check_names_a_command_for_alarms_that_cannot_be_run(here: Installation) -> None:
    here.config.write_text(a_config(NOWHERE, NOWHERE, "alerts: {command: [/nowhere/page-me]}"))
    missing = here.call("check")
    here.config.write_text(a_config(NOWHERE, NOWHERE, "alerts: {command: [cat]}"))
    there = here.call("check")

    assert missing.code == CONFIG
    assert "alerts.command: /nowhere/page-me: no program that this user can run" in missing.out
    assert (there.code, "alerts: cat is told" in there.out) == (0, True)


def test_check_asks_the_lists_of_order_numbers_before_a_customer_does(here: Installation) -> None:
    (here.folder / "orders.csv").write_text("Order;Name\n123456;Rossi\n234567;Weber\n")
    (here.folder / "empty.csv").write_text("Order;Name\n")
    lists = (
        *(("gone", "order.csv", "order"), ("other", "orders.csv", "Nr")),
        *(("none", "empty.csv", "order"), ("right", "orders.csv", "order")),
    )
    numbers = [
        f"  - {{name: {name}, pattern: '\\d+', lookup: {{csv: {csv}, column: {column}}}}}\n"
        for name, csv, column in lists
    ]
    here.config.write_text(a_config(NOWHERE, NOWHERE, "order_numbers:\n" + "".join(numbers)))

    outcome = here.call("check")

    assert outcome.code == CONFIG
    assert f"✗ FAILED: order numbers `gone`: {here.folder}/order.csv cannot be read" in outcome.out
    assert "orders.csv has no column `Nr`; its columns: order, name" in outcome.out
    assert "empty.csv holds no number: every one would count as unknown" in outcome.out
    assert f"✓ order numbers `right`: column `order` of {here.folder}/orders.csv, " in outcome.out
    assert "numbers there: 2" in outcome.out


def test_check_names_a_data_folder_that_cannot_be_written(here: Installation) -> None:
    here.data.write_text("a file where the folder should be")

    outcome = here.call("check")

    assert outcome.code == CONFIG
    assert f"✗ FAILED: {here.data}: no folder that this user may write to" in outcome.out


def test_check_names_a_folder_in_which_the_database_cannot_be_made(here: Installation) -> None:
    here.data.write_text("a file where the folder should be")
    text = a_config(NOWHERE, NOWHERE).replace("{mode: live}", "{data_dir: elsewhere}")
    here.config.write_text(text)

    outcome = here.call("check")

    assert outcome.code == CONFIG
    file = here.data / "maildaemon.db"
    what = f"its folder {here.data} is no folder that this user may write to"
    assert f"✗ FAILED: {file}: {what}" in outcome.out
    assert "set `database.url` to another folder" in outcome.out


@pytest.mark.parametrize("command", [("check",), ("run", "--once"), ("db", "upgrade")])
def test_a_folder_of_the_database_that_cannot_be_made_is_named_with_the_file(
    here: Installation, command: tuple[str, ...]
) -> None:
    """In a file no folder can be made, even by root."""
    (here.folder / "nowhere").write_text("no folder")
    file = here.folder / "nowhere" / "here" / "x.db"
    text = here.config.read_text().replace("sqlite:///var/maildaemon.db", f"sqlite:///{file}")
    here.config.write_text(text)

    outcome = here.call(*command)

    assert outcome.code == CONFIG
    said = outcome.out + outcome.err
    assert f"{file}: its folder {file.parent} is missing, and" in said
    assert f"install -d -m 700 -o USER {file.parent}" in said
    assert "or set `database.url` to another folder" in said
    assert "Traceback" not in said


def test_a_missing_template_stops_the_start(here: Installation) -> None:
    languages = "languages: {supported: [en, sv]}"
    here.config.write_text(a_config(NOWHERE, NOWHERE, languages))

    for command in (("run", "--once"), ("check",)):
        outcome = here.call(*command)

        assert outcome.code == CONFIG
        assert (
            "there are no texts in `sv`; copy `words.txt` of another language"
            in outcome.out + outcome.err
        )


def test_a_file_that_is_no_database(here: Installation) -> None:
    here.data.mkdir()
    (here.data / "maildaemon.db").write_text(
        "this is a letter, and a rather long one at that\n" * 50
    )

    for command in (("threads", "list"), ("run", "--once"), ("check",)):
        outcome = here.call(*command)

        assert outcome.code == CONFIG
        assert (
            f"{here.data}/maildaemon.db: this is no database of ours" in outcome.out + outcome.err
        )
        assert (
            "what to do: correct `database.url`, or restore the last backup"
            in outcome.out + outcome.err
        )


def test_a_database_that_cannot_be_opened_is_not_waited_for(here: Installation) -> None:
    # A folder in its place: root, too, may run these tests, and may read every file.
    (here.data / "maildaemon.db").mkdir(parents=True)

    for command in (("status",), ("run", "--once"), ("check",)):
        outcome = here.call(*command)

        assert outcome.code == CONFIG
        assert (
            f"{here.data}/maildaemon.db: the database cannot be opened" in outcome.out + outcome.err
        )
        assert "what to do: run it as the daemon's user" in outcome.out + outcome.err


def test_own_templates_of_no_language_are_a_warning(here: Installation) -> None:
    (here.folder / "tpl" / "deutsch").mkdir(parents=True)
    (here.folder / "tpl" / "deutsch" / "response.txt").write_text("Subject: x")
    text = a_config(NOWHERE, NOWHERE).replace("{mode: live}", "{templates: tpl}")
    here.config.write_text(text)

    outcome = here.call("check")

    assert outcome.code == 0
    assert (
        "! warning: " + str(here.folder / "tpl/deutsch/response.txt: no language `deutsch`")
        in outcome.out
    )


def test_an_empty_file_instead_of_a_database_is_named(here: Installation) -> None:
    here.data.mkdir()
    (here.data / "maildaemon.db").touch()

    outcome = here.call("status")

    assert outcome.code == CONFIG
    assert f"error: {here.data}/maildaemon.db: there are no tables in the database" in outcome.err
    assert "if the daemon is just starting for the first time, ask again in a moment" in outcome.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: no such file or directory"), ("x", "holds no PEM certificates")],
)
def test_an_unusable_certificate_file_is_found_before_any_server_is_asked(
    here: Installation, content: str | None, reason: str
) -> None:
    ca_file = here.folder / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    here.config.write_text(a_config({**NOWHERE, "ca_file": "ca.pem"}, NOWHERE))

    for command in (("check",), ("run", "--once")):
        outcome = here.call(*command)

        assert outcome.code == CONFIG
        assert f"{ca_file}: {reason}" in outcome.out + outcome.err
        assert "what to do: `ca_file` must name a PEM file" in outcome.out + outcome.err


def test_records_that_are_not_there_yet(here: Installation) -> None:
    outcome = here.call("threads", "list")

    assert outcome.code == CONFIG
    assert outcome.err == (
        f"error: {here.data}/maildaemon.db: there is no database yet\n"
        "  what to do: `maildaemon run` makes what is missing at its first start\n"
    )
    assert not here.data.exists()


def test_help_loads_nothing_heavy_for_any_command() -> None:
    code = """
import sys
from maildaemon.cli import main, program

heavy = {"sqlalchemy", "alembic", "imapclient", "pydantic", "jinja2", "rich", "asyncio"}
for words in [[], *([name] for name in program.list_commands(None))]:
    try:
        main([*words, "--help"])
    except SystemExit as end:
        if end.code or heavy & set(sys.modules):
            sys.exit(f"{words}: {end.code} {heavy & set(sys.modules)}")
"""

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: maildaemon") == 23
