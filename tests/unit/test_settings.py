from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.domain.policy import EchoSubject, Mode, Policy, Rate
from maildaemon.errors import ConfigError, Problem
from maildaemon.settings import Modes, Security, Settings, load_settings, read_settings, show
from maildaemon.settings.policy import make_policy

FILE = Path("/etc/maildaemon/maildaemon.yaml")

MINIMAL = """\
database:
  url: sqlite:///var/maildaemon.db
mailboxes:
  - name: support
    address: support@example.com
    imap: {host: imap.example.com, username: support@example.com, password: {env: SUPPORT_PASSWORD}}
    smtp: {host: smtp.example.com, username: support@example.com, password: {env: SUPPORT_PASSWORD}}
"""


def read(text: str) -> Settings:
    return read_settings(text, FILE)


def policy_of(text: str) -> Policy:
    settings = read(text)
    return make_policy(settings, settings.mailboxes[0])


def problems(text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as refused:
        read(text)
    return [*refused.value.problems]


def only_problem(text: str) -> str:
    (problem,) = problems(text)
    return str(problem).removeprefix(f"{FILE}:")


def with_imap(options: str) -> str:
    return MINIMAL.replace("{host: imap.example.com,", f"{{host: imap.example.com, {options},")


def with_smtp(options: str) -> str:
    return MINIMAL.replace("{host: smtp.example.com,", f"{{host: smtp.example.com, {options},")


def test_the_minimal_file_loads_as_it_stands() -> None:
    settings = read(MINIMAL)

    (mailbox,) = settings.mailboxes
    assert settings.service.mode == Modes(Mode.SHADOW)
    assert settings.service.reply_within == timedelta(hours=24)
    assert settings.database.url == "sqlite:////etc/maildaemon/var/maildaemon.db"
    assert settings.service.data_dir == Path("/etc/maildaemon/var")
    assert mailbox.smtp is not None
    assert (mailbox.imap.host, mailbox.imap.port) == ("imap.example.com", 993)
    assert (mailbox.smtp.host, mailbox.smtp.port) == ("smtp.example.com", 465)
    assert mailbox.imap.security is mailbox.smtp.security is Security.TLS
    assert mailbox.imap.idle == timedelta(minutes=9)
    assert mailbox.echo_subject is EchoSubject.KNOWN
    assert settings.limits.per_address == (
        Rate(1, timedelta(minutes=10)),
        Rate(3, timedelta(hours=24)),
    )
    assert settings.limits.per_mailbox == Rate(60, timedelta(hours=1))
    assert settings.attachments.max_message_size == 25_000_000
    assert "exe" in settings.attachments.blocked_extensions
    assert " ".join(settings.languages.supported) == "en it fr de es ru pt nl pl uk"
    assert settings.warnings == ()


def test_an_unset_variable_does_not_stop_the_file_from_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SUPPORT_PASSWORD", raising=False)

    assert read(MINIMAL).mailboxes[0].imap.password is not None


def test_every_planted_mistake_is_found_in_one_run_with_its_place_and_what_to_do() -> None:
    text = """\
service:
  mode: rehearse
  reply_within: 24
  log_levle: info
  templates: [a, b]
  http: {port: 8080}
databse:
  url: sqlite:///var/maildaemon.db
promises:
  normal: {first_reply: 48 business hours}
mailboxes:
  - name: Support Desk
    address: Shop <support@example.com>
    staff: [support@example.com, anna@example.com, help@example.com]
    aliases: help@example.com
    imap:
      hots: imap.example.com
      port: 99399
      username: support@example.com
      idle: 45 minutes
      password: {env: $SUPPORT_PASSWORD}
    smtp:
      host: smtp.example.com
      security: none
  - name: returns
    adress: returns@example.com
    address: returns@example.com
    languages: [en, pt]
    echo_subject: known
    echo_subject: never
    imap: {host: https://imap.example.com/, username: returns, password: {envv: X}}
    smtp: &smtp {host: "smtp.example.com:587", username: returns}
  - name: returns
    address: returns@example.com
    imap: {host: imap.example.com, username: Support@example.com, password: {command: pass show}}
    smtp: *smtp
attachments:
  max_file_size: 10 apples
  max_files: many
  hold_days: 99999
  allowed_types: [pictures]
  scanner: {socket: /run/clamd}
limits:
  per_address: []
  per_thread: thrice a day
  burst:
  <<: {longest_delay: 1 hour}
languages:
  default: pt
  supported: [en, Italian]
"""
    wanted = [
        (1, "database", "add for example `database: {url: sqlite:///var/maildaemon.db}`"),
        (2, "service.mode", "`rehearse` is no choice here"),
        (3, "service.reply_within", "`24` has no unit; write a duration such as `10 minutes`"),
        (4, "service.log_levle", "unknown option `log_levle`; did you mean `log_level`?"),
        (5, "service.templates", "expected one value, found a list"),
        (7, "databse", "unknown option `databse`; did you mean `database`?"),
        (12, "mailboxes[0].name", "no short name; use a-z"),
        (13, "mailboxes[0].address", "write the bare address"),
        (15, "mailboxes[0].aliases", "expected a list such as `[one, two]`, found a text"),
        (14, "mailboxes[0].staff[2]", "`help@example.com` is our own address"),
        (16, "mailboxes[0].imap.host", "add for example `host: mail.example.com`"),
        (17, "mailboxes[0].imap.hots", "unknown option `hots`; did you mean `host`?"),
        (18, "mailboxes[0].imap.port", "must be from 1 to 65535"),
        (20, "mailboxes[0].imap.idle", "must be from 30 seconds to 29 minutes"),
        (21, "mailboxes[0].imap.password.env", "bare name of the variable, without `$`"),
        (24, "mailboxes[0].smtp.security", "use `tls` or `starttls`"),
        (26, "mailboxes[1].adress", "unknown option `adress`; did you mean `address`?"),
        (28, "mailboxes[1].languages[1]", "`pt` is not among `languages.supported`"),
        (30, "mailboxes[1].echo_subject", "already given in line 29; keep one"),
        (31, "mailboxes[1].imap.host", "without `://` and path"),
        (31, "mailboxes[1].imap.password.envv", "did you mean `env`?"),
        (32, "mailboxes[1].smtp", "anchors are not read; take `&smtp` out"),
        (32, "mailboxes[1].smtp.host", "write the number after the colon"),
        (33, "mailboxes[2].name", "another mailbox is called `returns` too"),
        (34, "mailboxes[2].address", "`returns@example.com` is given twice"),
        (35, "mailboxes[2].imap.password.command", "as a list: [pass, show, support]"),
        (36, "mailboxes[2].smtp", "`*smtp` is not followed; write the value out"),
        (38, "attachments.max_file_size", "`apples` is no unit that is known here; use kB, MB"),
        (39, "attachments.max_files", "`many` is no whole number"),
        (40, "attachments.hold_days", "must be from 0 to 3650"),
        (41, "attachments.allowed_types[0]", "write for example `image/png` or `image/*`"),
        (44, "limits.per_address", "the list is empty; give at least one"),
        (45, "limits.per_thread", "no rate; write for example `3 in 24 hours`"),
        (46, "limits.burst", "nothing is given here"),
        (47, "limits", "merge keys (`<<`) are not read; write the options out"),
        (49, "languages.default", "`pt` is not among `languages.supported`"),
        (50, "languages.supported[1]", "write its two-letter code, such as `en`"),
    ]

    found = problems(text)

    unseen = [
        (line, path, words)
        for line, path, words in wanted
        if not any(
            problem.line == line and problem.path == path and words in problem.message
            for problem in found
        )
    ]
    assert unseen == [], "\n".join(map(str, found))
    assert len(found) == len(wanted), "\n".join(map(str, found))
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


@pytest.mark.parametrize(
    ("options", "port", "security"),
    [
        ("security: tls", 993, Security.TLS),
        ("security: starttls", 143, Security.STARTTLS),
        ("port: 143", 143, Security.STARTTLS),
        ("port: 143, security: tls", 143, Security.TLS),
        ("port: 10993", 10993, Security.TLS),
        ("security: none, allow_insecure: yes", 143, Security.NONE),
    ],
)
def test_port_and_security_of_imap_tell_each_other(
    options: str, port: int, security: Security
) -> None:
    imap = read(with_imap(options)).mailboxes[0].imap

    assert (imap.port, imap.security) == (port, security)


@pytest.mark.parametrize(
    ("options", "port", "security"),
    [
        ("security: TLS", 465, Security.TLS),
        ("security: starttls", 587, Security.STARTTLS),
        ("port: 587", 587, Security.STARTTLS),
        ("port: 25", 25, Security.STARTTLS),
        ("security: none, allow_insecure: on", 25, Security.NONE),
    ],
)
def test_port_and_security_of_smtp_tell_each_other(
    options: str, port: int, security: Security
) -> None:
    smtp = read(with_smtp(options)).mailboxes[0].smtp

    assert smtp is not None

    assert (smtp.port, smtp.security) == (port, security)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", '"::1"'])
def test_without_encryption_only_this_very_machine_is_reached(host: str) -> None:
    local = with_imap("security: none").replace("imap.example.com", host)

    assert read(local).mailboxes[0].imap.security is Security.NONE
    assert only_problem(with_imap("security: none")).startswith(
        "6:46: mailboxes[0].imap.security: without encryption"
    )


def test_smtp_needs_no_login_but_never_half_of_one() -> None:
    both = "username: support@example.com, password: {env: SUPPORT_PASSWORD}"
    line = f"smtp: {{host: smtp.example.com, {both}}}"
    without = MINIMAL.replace(line, "smtp: {host: smtp.example.com}")
    half = MINIMAL.replace(line, "smtp: {host: smtp.example.com, username: support}")

    smtp = read(without).mailboxes[0].smtp
    assert smtp is not None
    assert smtp.username is None
    assert "`username` needs a `password` beside it" in only_problem(half)


def test_every_plain_value_is_the_text_it_looks_like() -> None:
    settings = read(
        MINIMAL.replace("username: support@example.com", "username: NO")
        .replace("address: support", "display_name: 0123\n    address: support")
        .replace("password: {env: SUPPORT_PASSWORD}", "password: 9:00")
    )

    (mailbox,) = settings.mailboxes
    assert (mailbox.imap.username, mailbox.display_name) == ("NO", "0123")
    assert mailbox.imap.password is not None
    assert mailbox.imap.password.resolve() == "9:00"


def test_a_password_in_the_file_works_but_warns_and_is_never_shown() -> None:
    settings = read(MINIMAL.replace("{env: SUPPORT_PASSWORD}", "hunter2", 1))

    (warning,) = settings.warnings
    assert str(warning).removeprefix(f"{FILE}:") == (
        "6:77: mailboxes[0].imap.password: a password stands in this file; "
        "write `{env: NAME}` or `{file: PATH}`"
    )
    password = settings.mailboxes[0].imap.password
    assert password is not None
    assert password.resolve() == "hunter2"
    assert "hunter2" not in repr(settings) + str(settings) + show(settings)


def test_a_wrong_option_beside_a_password_does_not_spill_it() -> None:
    text = MINIMAL.replace("{env: SUPPORT_PASSWORD}", "hunter2").replace("host:", "hots:")

    assert "hunter2" not in "".join(str(problem) for problem in problems(text))


def test_a_variable_in_place_of_a_password_is_told_how_it_is_written() -> None:
    text = MINIMAL.replace("{env: SUPPORT_PASSWORD}", "'${SUPPORT_PASSWORD}'", 1)

    assert "variables are not filled in; write `{env: SUPPORT_PASSWORD}`" in only_problem(text)


def test_an_insecure_connection_warns() -> None:
    settings = read(with_smtp("security: none, allow_insecure: yes"))

    assert [warning.path for warning in settings.warnings] == ["mailboxes[0].smtp.allow_insecure"]


def test_two_mailboxes_on_one_account_are_refused() -> None:
    second = MINIMAL.partition("mailboxes:\n")[2].replace("- name: support", "- name: second")
    text = MINIMAL + second.replace("address: support@", "address: second@")

    assert only_problem(text) == (
        "10:46: mailboxes[1].imap.username: "
        "another mailbox reads this account already; every mail would come twice"
    )


def test_a_mailbox_has_its_own_mode() -> None:
    text = MINIMAL.replace("    address:", "    mode: live\n    address:")

    assert policy_of(text).mode is Mode.LIVE


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ("{max_file_size: 21 MB}", "no file can be larger than `max_total_size`"),
        ("{max_total_size: 26 MB}", "no files can be larger than `max_message_size`"),
    ],
)
def test_a_size_that_can_never_arrive_is_refused(sizes: str, message: str) -> None:
    assert message in only_problem(f"{MINIMAL}attachments: {sizes}\n")


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///", "'sqlite:///:memory:'", "sqlite:///a.db?mode=ro", "var/mail.db"],
)
def test_records_need_a_file(url: str) -> None:
    text = MINIMAL.replace("sqlite:///var/maildaemon.db", url)

    assert "expected the path of a file: `sqlite:///var/maildaemon.db`" in only_problem(text)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mail@db.example.com/mail",
        "postgresql+psycopg://mail@db.example.com:5433/mail?sslmode=verify-full",
        "postgresql:///mail?host=/run/postgresql",
        "mariadb://mail@db.example.com/mail",
        "mysql+pymysql://mail@db.example.com:3307/mail?ssl_ca=/etc/ssl/ca.pem",
        "mariadb:///mail?unix_socket=/run/mysqld/mysqld.sock",
    ],
)
def test_records_may_be_on_a_server(url: str) -> None:
    settings = read(MINIMAL.replace("sqlite:///var/maildaemon.db", url))

    assert settings.database.url == url
    assert settings.warnings == ()
    assert settings.service.data_dir == Path("/etc/maildaemon/var")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db:5433/mail?a=1", "postgresql://me@db:5433/mail?a=1"),
        ("postgresql://db/mail?password=hunter2&a=1", "postgresql://db/mail?a=1"),
        ("mariadb://me:hunter2@db:3307/mail?a=1", "mariadb://me@db:3307/mail?a=1"),
        ("mysql://db/mail?passwd=hunter2&a=1", "mysql://db/mail?a=1"),
    ],
)
def test_a_password_in_the_address_of_the_database_warns_and_is_not_shown(
    url: str, shown: str
) -> None:
    settings = read(MINIMAL.replace("sqlite:///var/maildaemon.db", f"'{url}'"))

    assert [warning.path for warning in settings.warnings] == ["database.url"]
    assert settings.database.url == url
    assert shown in show(settings)
    assert "hunter2" not in show(settings)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql+mysqldb://db/mail", "write MariaDB as `mariadb://USER@HOST/DATABASE`"),
        ("mariadb://hunter2@db", "write MariaDB as `mariadb://USER@HOST:PORT/DATABASE`"),
        ("postgres://db/mail", "write PostgreSQL as `postgresql://USER@HOST/DATABASE`"),
        ("postgresql://hunter2@db", "write PostgreSQL as `postgresql://USER@HOST:PORT/DATABASE`"),
        ("postgresql://db:port/mail", "write PostgreSQL as"),
    ],
)
def test_other_databases_are_refused_honestly(url: str, message: str) -> None:
    problem = only_problem(MINIMAL.replace("sqlite:///var/maildaemon.db", f"'{url}'"))

    assert message in problem
    assert "hunter2" not in problem


def test_paths_count_from_the_file() -> None:
    text = f"service: {{data_dir: data, templates: /srv/templates}}\n{with_imap('ca_file: ca.pem')}"

    settings = read(text)

    assert settings.service.data_dir == Path("/etc/maildaemon/data")
    assert settings.service.templates == Path("/srv/templates")
    assert settings.mailboxes[0].imap.ca_file == Path("/etc/maildaemon/ca.pem")


def test_a_home_folder_is_not_guessed() -> None:
    assert "`~` is not read here; write the whole path" in only_problem(with_imap("ca_file: ~/ca"))


def test_an_absolute_database_keeps_its_data_beside_it() -> None:
    settings = read(MINIMAL.replace("sqlite:///var/", "sqlite:////srv/mail/"))

    assert settings.database.url == "sqlite:////srv/mail/maildaemon.db"
    assert settings.service.data_dir == Path("/srv/mail")


def test_a_section_whose_options_are_all_commented_out_is_as_if_absent() -> None:
    assert read(MINIMAL + "service:\nlimits:\n  # burst: 3\n") == read(MINIMAL)


@pytest.mark.parametrize("value", ["", " ~", " null"])
def test_an_option_without_a_value_is_a_mistake(value: str) -> None:
    assert "limits.burst: nothing is given here" in only_problem(
        f"{MINIMAL}limits:\n  burst:{value}\n"
    )


def test_the_default_language_is_supported_even_if_nobody_chose_it() -> None:
    text = f"{MINIMAL}languages:\n  supported: [it, fr]\n"

    assert only_problem(text).startswith("8:1: languages.default: `en` is not among")


def test_a_name_cannot_smuggle_a_line_break() -> None:
    text = MINIMAL.replace("    address:", '    display_name: "Shop\\nBcc: all"\n    address:')

    assert "line breaks and control characters are not allowed here" in only_problem(text)


# What is not even YAML, or more of it than is read.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty"),
        ("# nothing\n", "1:1: the file is empty"),
        ("- a\n- b\n", "1:1: expected options such as `database:`"),
        ("hello\n", "1:1: expected options such as `database:`"),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed here; put a text"),
        ("a:\n\tb: c\n", "2:1: not valid YAML"),
        ("a: [b, c\nd: e\n", "a bracket is not closed"),
        ("a: {b: ${C}}\n", "put a text that holds a bracket in quotes"),
        ('a: "b\n', "a quote is not closed"),
        ('a: "\\d+"\n', "write the text in single quotes"),
        ("a:\n    b: c\n  d: e\n", "3:3: not valid YAML"),
        ("a: b\x00c\n", "1:5: a control character"),
        ("a: 1\nb: \x07\n", "2:4: a control character"),
    ],
)
def test_what_is_no_yaml_is_named_by_its_place(text: str, message: str) -> None:
    assert message in only_problem(text)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("--- \na: b\n", "a second document begins here"),
        ("limits: {burst: !!int 3}\n", "limits.burst: tags are not read; take `!!int` out"),
        ("limits: {burst: !env X}\n", "limits.burst: tags are not read; take `!env` out"),
        ("limits: {burst: &b 3}\n", "limits.burst: anchors are not read; take `&b` out"),
        ("limits: {burst: *b}\n", "limits.burst: `*b` is not followed; write the value out"),
        ("limits: {? [a]: b}\n", "limits: an option must be a plain word"),
        ("limits: {!!str burst: 3}\n", "limits.burst: anchors and tags are not read"),
        ("limits: " + "[" * 30 + "]" * 30 + "\n", "this is nested too deeply"),
    ],
)
def test_what_makes_yaml_surprising_is_refused(extra: str, message: str) -> None:
    assert any(message in str(problem) for problem in problems(MINIMAL + extra))


# The file itself.


def test_a_file_loads_from_disk_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "maildaemon.yaml"
    file.write_text(MINIMAL, encoding="utf-8-sig")

    assert load_settings(file).service.data_dir == tmp_path / "var"


def test_a_relative_file_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "maildaemon.yaml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)

    assert load_settings(Path("maildaemon.yaml")).service.data_dir == tmp_path / "var"


def refusal(file: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load_settings(file)
    return str(refused.value)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"a: b\nc: \xff\xfe\x00")

    absent = tmp_path / "absent.yaml"
    assert refusal(absent).startswith(f"{absent}: there is no such file; `maildaemon init`")
    assert f"{tmp_path}: this is a folder" in refusal(tmp_path)
    assert f"{binary}:2:4: this is not UTF-8 text" in refusal(binary)
    assert "cannot be read: Not a directory" in refusal(binary / "beneath.yaml")


@given(
    st.integers(0, len(MINIMAL)),
    st.integers(0, 40),
    st.text(max_size=6)
    | st.sampled_from(["\n", "  ", ": ", "- ", "{", "]", "'", "#", "null", "\t"]),
)
def test_a_damaged_file_gives_settings_or_problems_with_places(at: int, cut: int, put: str) -> None:
    text = MINIMAL[:at] + put + MINIMAL[at + cut :]

    try:
        found = read(text).warnings
    except ConfigError as refused:
        found = refused.problems

    assert all(problem.line > 0 and problem.column > 0 for problem in found)
