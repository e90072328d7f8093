import sys
from pathlib import Path

import pytest

from maildaemon.errors import SecretError
from maildaemon.settings import Secret, Source, read_settings, show
from maildaemon.settings import secret as secret_module
from tests.unit.test_settings import MINIMAL


def secret_of(password: str, folder: Path) -> Secret:
    text = MINIMAL.replace("{env: SUPPORT_PASSWORD}", password, 1)
    secret = read_settings(text, folder / "maildaemon.yaml").mailboxes[0].imap.password
    assert secret is not None
    return secret


def refusal(secret: Secret) -> SecretError:
    with pytest.raises(SecretError) as refused:
        secret.resolve()
    return refused.value


def test_a_secret_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_PASSWORD", "hunter2 ")

    assert secret_of("{env: SUPPORT_PASSWORD}", tmp_path).resolve() == "hunter2 "


def test_an_unset_variable_is_named_with_its_place_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPPORT_PASSWORD", raising=False)

    error = refusal(secret_of("{env: SUPPORT_PASSWORD}", tmp_path))

    assert error.what == "the environment variable SUPPORT_PASSWORD is not set"
    assert error.where == f"{tmp_path / 'maildaemon.yaml'}:6: mailboxes[0].imap.password"
    assert error.advice.startswith(
        "in a terminal: read -rs SUPPORT_PASSWORD && export SUPPORT_PASSWORD, then type it; "
    )


def test_a_secret_is_the_first_line_of_a_file_beside_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"hunter2\r\nsecond line\n")
    file.chmod(0o640)

    assert secret_of("{file: password}", tmp_path).resolve() == "hunter2"


def test_s23_a_password_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    file.chmod(0o644)

    error = refusal(secret_of("{file: password}", tmp_path))

    assert error.what == f"the password file {file} can be read by everybody"
    assert error.advice == f"run: chmod o-rwx {file}"


def test_a_password_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    absent = refusal(secret_of("{file: absent}", tmp_path))
    assert absent.what == f"there is no password file {tmp_path / 'absent'}"
    assert f"install -m 600 /dev/stdin {tmp_path / 'absent'}, " in absent.advice
    assert "Is a directory" in refusal(secret_of("{file: .}", tmp_path)).what
    assert "not UTF-8" in refusal(secret_of("{file: binary}", tmp_path)).what


def command(tmp_path: Path, code: str) -> Secret:
    program = tmp_path / "tell"
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o700)
    return secret_of("{command: [./tell, support]}", tmp_path)


def test_a_secret_is_the_first_line_that_a_command_prints(tmp_path: Path) -> None:
    code = "import sys; print('pw-of-' + sys.argv[1]); print('more')"

    assert command(tmp_path, code).resolve() == "pw-of-support"


def test_a_command_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    error = refusal(command(tmp_path, "raise SystemExit('no such entry')"))

    assert error.what == "the password command ./tell ended with status 1"
    assert error.advice == "no such entry"


def test_s23_a_command_gets_no_shell(tmp_path: Path) -> None:
    secret = secret_of("{command: [./tell; echo hunter2]}", tmp_path)

    assert "cannot be run: No such file" in refusal(secret).what


def test_a_command_that_waits_for_a_person_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_module, "_COMMAND_TIMEOUT", 0.2)

    error = refusal(command(tmp_path, "import threading; threading.Event().wait(60)"))

    assert "took longer than" in error.what


@pytest.mark.parametrize("password", ["", "two\nlines", "nul\0"])
def test_a_password_that_would_break_the_protocol_is_refused(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "empty or holds a line break" in refusal(Secret(Source.INLINE, (password,))).what


def test_s23_no_printing_shows_a_secret(tmp_path: Path) -> None:
    inline = secret_of("hunter2", tmp_path)

    assert repr(inline) == str(inline) == f"{inline}" == "Secret(inline: ********)"
    assert repr(secret_of("{env: PW}", tmp_path)) == "Secret(env: PW)"
    assert repr(secret_of("{command: [pass, show]}", tmp_path)) == "Secret(command: pass show)"


@pytest.mark.parametrize(
    "password", ["{env: PW}", "{file: /run/secrets/pw}", "{command: [pass, show, support]}"]
)
def test_the_shown_configuration_says_where_secrets_come_from(
    password: str, tmp_path: Path
) -> None:
    text = MINIMAL.replace("{env: SUPPORT_PASSWORD}", password)

    assert f"password: {password}\n" in show(read_settings(text, tmp_path / "maildaemon.yaml"))
