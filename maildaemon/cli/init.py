"""`maildaemon init`: write the configuration to begin with."""

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json, say
from maildaemon.cli.teach import examples
from maildaemon.errors import OperatorError

_NAME = "maildaemon.yaml"


@click.command(
    epilog=examples(
        "maildaemon init",
        "maildaemon init --address help@shop.example --imap-host mail.shop.example \\",
        "    --smtp-host mail.shop.example:587 --password-file /etc/shop.pass",
    )
)
@click.option("--address", metavar="ADDRESS", help="The address customers write to.")
@click.option("--imap-host", metavar="HOST[:PORT]", help="Where mail is read.")
@click.option("--smtp-host", metavar="HOST[:PORT]", help="How mail is sent.")
@click.option("--username", metavar="NAME", help="Who logs in; by default the address.")
@click.option("--password-env", metavar="VARIABLE", help="The variable that holds the password.")
@click.option("--password-file", metavar="FILE", help="The file that holds the password.")
@click.option("--mailbox", metavar="NAME", help="Its short name; by default from the address.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help=f"Where to write; by default {_NAME} in this folder.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@json_option
@click.pass_obj
def init(  # noqa: PLR0913  one for each flag
    invocation: Invocation,
    *,
    address: str | None,
    imap_host: str | None,
    smtp_host: str | None,
    username: str | None,
    password_env: str | None,
    password_file: str | None,
    mailbox: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a configuration for one mailbox.

    It begins in shadow mode: everything is recorded and decided, nothing is sent. What is not
    given is asked for, on a terminal; a password is never asked for and never written, only where
    it is found.
    """
    if password_env and password_file:
        raise click.UsageError("give either --password-env or --password-file")
    path = output or invocation.path or Path(_NAME)
    path = path / _NAME if path.is_dir() else path
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already; --force replaces it")
    given = _Given(address, imap_host, smtp_host, username, password_env, password_file, mailbox)
    text, variable = _configuration(_completed(given), path)
    _write(path, text)
    if as_json:
        put_json({"file": str(path.absolute()), "mode": "shadow", "variable": variable or None})
        return
    say(f"wrote {path}: shadow mode, nothing is sent")
    _put_next_steps(path, variable, password_file)


@dataclass(frozen=True, slots=True)
class _Given:
    address: str | None
    imap_host: str | None
    smtp_host: str | None
    username: str | None
    password_env: str | None
    password_file: str | None
    mailbox: str | None


def _completed(given: _Given) -> _Given:
    """Ask for what is missing; a script is told what to give instead."""
    flags = {
        "--address": given.address,
        "--imap-host": given.imap_host,
        "--smtp-host": given.smtp_host,
    }
    missing = [flag for flag, value in flags.items() if not value]
    if not missing:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"{', '.join(missing)} missing (on a terminal it would be asked)")
    address = given.address or _ask("Address customers write to", _address)
    domain = address.rpartition("@")[2]
    return _Given(
        address,
        given.imap_host or _ask("IMAP server", _server, f"imap.{domain}"),
        given.smtp_host or _ask("SMTP server", _server, f"smtp.{domain}"),
        given.username or _ask("User name", str.strip, address),
        given.password_env,
        given.password_file,
        given.mailbox,
    )


def _ask(question: str, read: Callable[[str], str], default: str | None = None) -> str:
    """Ask until the answer can be used: a slip is mended where it happened."""

    def checked(answer: str) -> str:
        try:
            return read(answer)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    answer: str = click.prompt(question, default=default, value_proc=checked, err=True)
    return answer


def _address(answer: str) -> str:
    from maildaemon.settings.options import parse_address

    return parse_address(answer.strip())


def _server(answer: str) -> str:
    from maildaemon.settings.options import parse_host

    parse_host(_split("server", answer)[0])
    return answer.strip()


def _configuration(given: _Given, path: Path) -> tuple[str, str]:
    """Return the text of the file, proven to be readable, and the variable of the password."""
    from maildaemon.settings import minimal, read_settings

    imap_host, imap_port = _split("--imap-host", given.imap_host or "")
    smtp_host, smtp_port = _split("--smtp-host", given.smtp_host or "")
    text = minimal(
        given.address or "",
        imap_host,
        smtp_host,
        username=given.username or "",
        imap_port=imap_port,
        smtp_port=smtp_port,
        name=given.mailbox or "",
        password=_password(given),
    )
    settings = read_settings(text, path)
    secret = settings.mailboxes[0].imap.password
    return text, "" if given.password_file or secret is None else secret.value[0]


def _password(given: _Given) -> dict[str, str] | None:
    if given.password_file:
        return {"file": given.password_file}
    return {"env": given.password_env} if given.password_env else None


def _split(flag: str, text: str) -> tuple[str, int | None]:
    """Return host and port of `host:port`, `[::1]:143` or a host alone."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text.strip(), ""
    host = host.strip("[]")
    if not host or (port and not (port.isascii() and port.isdigit())):
        raise click.UsageError(f"{flag}: `{text}` is no server; write HOST or HOST:PORT")
    return host, int(port) if port else None


def _write(path: Path, text: str) -> None:
    """Make the file (0600) at once, so that it is never half there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OperatorError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(path),
            advice="name a file in a folder that you may write to: --output FILE",
        ) from error


def _put_next_steps(path: Path, variable: str, password_file: str | None) -> None:
    usual = path == Path(_NAME)
    program = "maildaemon" if usual else f"maildaemon --config {shlex.quote(str(path))}"
    say("next:")
    if password_file:
        say(f"  install -m 600 /dev/stdin {shlex.quote(password_file)}     # type it, then Ctrl-D")
    else:
        say(f"  read -rs {variable} && export {variable}     # type the password, then Enter")
    say(f"  {program} check --connect")
    say(f"  {program} run")
    if password_file and not Path(password_file).is_absolute():
        note(f"the password file counts from the folder of {path.name}: {path.parent.absolute()}")
