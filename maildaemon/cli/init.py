"""`maildaemon init`: write the configuration to begin with."""

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json, say
from maildaemon.cli.teach import examples
from maildaemon.errors import OperatorError

if TYPE_CHECKING:
    from maildaemon.settings.providers import KnownProvider

_NAME = "maildaemon.yaml"
_CLIENT_SECRET = "OAUTH_CLIENT_SECRET"  # noqa: S105  the name of a variable
# As in `settings.providers`, which is loaded only when it is needed; a test compares.
PROVIDERS = ("google", "microsoft", "fastmail", "icloud", "yahoo")


@click.command(
    epilog=examples(
        "maildaemon init",
        "maildaemon init --address me@gmail.com",
        "maildaemon init --address help@shop.example --imap-host mail.shop.example \\",
        "    --smtp-host mail.shop.example:587 --password-file /etc/shop.pass",
    )
)
@click.option("--address", metavar="ADDRESS", help="The address customers write to.")
@click.option("--imap-host", metavar="HOST[:PORT]", help="Where mail is read.")
@click.option("--smtp-host", metavar="HOST[:PORT]", help="How mail is sent.")
@click.option(
    "--provider",
    type=click.Choice(PROVIDERS),
    help="Whose servers they are; known by itself of addresses such as gmail.com.",
)
@click.option("--client-id", metavar="ID", help="With OAuth2: the application at the provider.")
@click.option("--tenant", metavar="DOMAIN", help="With OAuth2 at Microsoft: the organisation.")
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
    provider: str | None,
    client_id: str | None,
    tenant: str | None,
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
    application = _Application(provider, client_id, tenant)
    given = _Given(
        *(address, imap_host, smtp_host, username, password_env, password_file, mailbox),
        application,
    )
    given = _completed(given)
    text, variable = _configuration(given, path)
    _write(path, text)
    if as_json:
        put_json({"file": str(path.absolute()), "mode": "shadow", "variable": variable or None})
        return
    say(f"wrote {path}: shadow mode, nothing is sent")
    if known := given.known:
        say(f"  {known.login}: docs/providers.md")
    _put_next_steps(path, variable, password_file, signs_in=given.oauth2 is not None)


@dataclass(frozen=True, slots=True)
class _Application:
    provider: str | None
    client_id: str | None
    tenant: str | None


@dataclass(frozen=True, slots=True)
class _Given:
    address: str | None
    imap_host: str | None
    smtp_host: str | None
    username: str | None
    password_env: str | None
    password_file: str | None
    mailbox: str | None
    application: _Application

    @property
    def known(self) -> "KnownProvider | None":
        """Return the provider, if it is one that we know."""
        from maildaemon.settings.providers import provider_of

        return provider_of(self.address or "", self.application.provider)

    @property
    def oauth2(self) -> dict[str, object] | None:
        """Return how to log in by token, None for a password."""
        if self.application.client_id is None:
            return None
        provider = self.known.name if self.known else "microsoft"
        own = self.known and (self.address or "").rpartition("@")[2].lower() in self.known.domains
        tenant = self.application.tenant or ("consumers" if own else None)
        found: dict[str, object] = {"provider": provider}
        found["client_id"] = self.application.client_id
        if provider == "google":
            found["client_secret"] = {"env": _CLIENT_SECRET}
        elif tenant:
            found["tenant"] = tenant
        return found


def _completed(given: _Given) -> _Given:
    """Ask for what is missing; a script is told what to give instead."""
    if not given.address and sys.stdin.isatty():
        given = replace(given, address=_ask("Address customers write to", _address))
    if known := given.known:
        given = replace(
            given,
            imap_host=given.imap_host or known.imap,
            smtp_host=given.smtp_host or known.smtp,
        )
        if known.by_token and given.application.client_id is None:
            raise click.UsageError(
                f"{known.login}. It needs an application registered there (docs/providers.md says "
                "how), whose id is given here: --client-id ID"
            )
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
    address = given.address or ""
    domain = address.rpartition("@")[2]
    return replace(
        given,
        imap_host=given.imap_host or _ask("IMAP server", _server, f"imap.{domain}"),
        smtp_host=given.smtp_host or _ask("SMTP server", _server, f"smtp.{domain}"),
        username=given.username or _ask("User name", str.strip, address),
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
        login=_login(given),
    )
    settings = read_settings(text, path)
    imap = settings.mailboxes[0].imap
    secret = imap.oauth2.client_secret if imap.oauth2 else imap.password
    return text, "" if secret is None or secret.source == "file" else secret.value[0]


def _login(given: _Given) -> dict[str, object] | None:
    if given.oauth2:
        return {"oauth2": given.oauth2}
    if given.password_file:
        return {"password": {"file": given.password_file}}
    return {"password": {"env": given.password_env}} if given.password_env else None


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


def _put_next_steps(
    path: Path, variable: str, password_file: str | None, *, signs_in: bool
) -> None:
    usual = path == Path(_NAME)
    program = "maildaemon" if usual else f"maildaemon --config {shlex.quote(str(path))}"
    say("next:")
    if password_file and not signs_in:
        say(f"  install -m 600 /dev/stdin {shlex.quote(password_file)}     # type it, then Ctrl-D")
    elif variable:
        say(f"  read -rs {variable} && export {variable}     # type the password, then Enter")
    if signs_in:
        say(f"  {program} auth     # sign in with a browser")
    say(f"  {program} check --connect")
    say(f"  {program} run")
    if password_file and not Path(password_file).is_absolute():
        note(f"the password file counts from the folder of {path.name}: {path.parent.absolute()}")
