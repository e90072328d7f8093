"""`maildaemon init`: write the configuration to begin with."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.beginning import Beginning, variable_of
from maildaemon.cli.check import findings, put_findings
from maildaemon.cli.exits import Exit
from maildaemon.cli.interview import (
    ask_for_login,
    ask_for_servers,
    read_address,
    with_known_servers,
)
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, plain, put_json, say
from maildaemon.cli.own_words import write_words
from maildaemon.cli.round_trip import check_round_trips
from maildaemon.cli.teach import examples
from maildaemon.cli.trust import put_beside, read_authorities
from maildaemon.errors import OperatorError
from maildaemon.services.check import Finding
from maildaemon.shipped import page

if TYPE_CHECKING:
    from maildaemon.settings import Settings

_NAME = "maildaemon.yaml"
_TEMPLATES = "templates"
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
@click.option("--display-name", metavar="NAME", help="What customers see as the sender.")
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
@click.option(
    "--password-file",
    type=click.Path(),
    metavar="FILE",
    help="The file that holds the password.",
)
@click.option(
    "--ca-file",
    type=click.Path(),
    metavar="FILE",
    help="Certificates (PEM) to trust, for servers whose own are issued by nobody known.",
)
@click.option("--mailbox", metavar="NAME", help="Its short name; by default from the address.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help=f"Where to write; by default {_NAME} in this folder.",
)
@click.option(
    "--templates", is_flag=True, help="Also write the sentences of mails, to change them."
)
@click.option("--offline", is_flag=True, help="Ask no server: look for none, log in to none.")
@click.option("--force", is_flag=True, help="Put a file aside that is there already (.old).")
@json_option
@click.pass_obj
def init(  # noqa: PLR0913  one for each flag
    invocation: Invocation,
    *,
    address: str | None,
    display_name: str | None,
    imap_host: str | None,
    smtp_host: str | None,
    provider: str | None,
    client_id: str | None,
    tenant: str | None,
    username: str | None,
    password_env: str | None,
    password_file: str | None,
    ca_file: str | None,
    mailbox: str | None,
    output: Path | None,
    templates: bool,
    offline: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Write a configuration for one mailbox.

    It begins in shadow mode: everything is recorded and decided, nothing is sent. On a terminal
    it asks for what is not given: it looks for the servers of the address, logs in, and ends with
    what `check --connect` finds. The password is typed unseen, or taken from its variable, and
    never written: only where it will be found.
    """
    if password_env and password_file:
        raise click.UsageError("give either --password-env or --password-file")
    path = output or invocation.path or Path(_NAME)
    path = path / _NAME if path.is_dir() else path
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already; --force puts it aside")
    exported = frozenset(os.environ)
    authorities = _usable("--ca-file", lambda: read_authorities(ca_file or "", path.parent))
    given = Beginning(
        _usable("--address", lambda: read_address(address)) if address is not None else None,
        *(imap_host, smtp_host, username, password_env, password_file),
        *(mailbox, provider, client_id, tenant, display_name),
        imap_ca=authorities,
        smtp_ca=authorities,
        templates=_TEMPLATES if templates else "",
    )
    given = _asked(given, path, trying=not (offline or as_json)) if on_terminal() else given
    given = _completed(given)
    settings = given.read(path)
    given = _with_all_beside(given, path.parent)
    _write(path, given.written(), force=force)
    variable = variable_of(settings)
    if as_json:
        put_json({"file": str(path.absolute()), "mode": "shadow", "variable": variable or None})
        return Exit.OK
    _put_written(path, given)
    worst = None
    if on_terminal() and not offline and os.environ.get(variable):
        worst = _try_out(path, given, settings)
    _put_next_steps(path, "" if variable in exported else variable, given, worst)
    return worst or Exit.OK


def _with_all_beside(given: Beginning, folder: Path) -> Beginning:
    """Write what the configuration is to name, before it does."""
    if given.templates:
        write_words(folder / given.templates)
    return given.with_kept_beside(partial(_put_certificate, folder=folder))


def _put_certificate(kept: Path, folder: Path) -> str:
    name = put_beside(kept, folder)
    say(f"wrote {folder / name}: a certificate that is trusted now")
    say("  when the server gets another one, put that in its place")
    return name


def _put_written(path: Path, given: Beginning) -> None:
    say(f"wrote {path}: shadow mode, nothing is sent")
    if given.templates:
        say(f"  what customers read is in {path.parent / given.templates}: {page('texts')}")
    if known := given.known:
        say(f"  {known.login}: {page('providers')}")


def _try_out(path: Path, given: Beginning, settings: "Settings") -> Exit:
    found: list[Finding] = []
    worst = put_findings(_kept(findings(Invocation(path), connect=True), found))
    if worst is not Exit.OK:
        return worst
    learnt = next((one.learnt for one in found if one.check == "authserv_id"), "")
    # Anybody can write such a field: whether it is their server, a person says.
    if learnt and _is_confirmed(f"Is `{plain(learnt)}` your own mail server, to be believed?"):
        _add(path, given, replace(given, authserv_id=learnt))
    if _is_confirmed(f"Send a mail to {given.address} itself, to see that it arrives?"):
        worst = put_findings(check_round_trips(settings, settings.mailboxes))
    return worst


def _kept(found: Iterable[Finding], kept: list[Finding]) -> Iterator[Finding]:
    for one in found:
        kept.append(one)
        yield one


def _usable(flag: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except ValueError as error:
        raise click.UsageError(f"{flag}: {error}") from error


def _is_confirmed(question: str) -> bool:
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        note("")
        return False  # what is to be typed next still matters


def on_terminal() -> bool:
    """Tell whether somebody can be asked."""
    # Where it was closed, there is no such object.
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(given: Beginning, path: Path, *, trying: bool) -> Beginning:
    begins = not given.address
    try:
        given = ask_for_servers(given, offline=not trying)
        if trying:
            given = ask_for_login(given, path)
        if begins and not given.templates:
            question = f"Put the sentences that customers read into {_TEMPLATES}/, to change them?"
            wanted = click.confirm(question, default=False, err=True)
            given = replace(given, templates=_TEMPLATES if wanted else "")
    except (click.Abort, KeyboardInterrupt):
        note("\nnothing was written")
        raise
    return given


def _completed(given: Beginning) -> Beginning:
    """Fill in what is known; a script is told what to give instead of being asked."""
    given = with_known_servers(given)
    if given.known and given.known.by_token and given.client_id is None:
        raise click.UsageError(
            f"{given.known.login}. It needs an application registered there "
            f"({page('providers')} says how), whose id is given here: --client-id ID"
        )
    flags = {
        "--address": given.address,
        "--imap-host": given.imap_host,
        "--smtp-host": given.smtp_host,
    }
    if missing := [flag for flag, value in flags.items() if not value]:
        raise click.UsageError(f"{', '.join(missing)} missing (on a terminal it would be asked)")
    return given


def _write(path: Path, text: str, *, force: bool) -> None:
    """Make the file (0600) at once, so that it is never half there, and never over another one."""
    with _beside(path, text) as temporary:
        if force and path.exists():
            _put_aside(path)
        # Unlike a renaming, a link never takes the place of what came there meanwhile.
        os.link(temporary, path)


def _add(path: Path, before: Beginning, after: Beginning) -> None:
    """Add what was learnt to the file that we have just written, unless it is no longer as it was:
    whoever has changed it meanwhile loses nothing.
    """
    with _beside(path, after.written()) as temporary:
        if path.read_text("utf-8") != before.written():
            note(f"{path} was changed meanwhile: write it there yourself, at the mailbox")
            return
        temporary.rename(path)
    say(f"wrote it into {path}")


@contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """Give a file of this text (0600) in the same folder; it is gone, or renamed, afterwards."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        yield temporary
    except OSError as error:
        raise OperatorError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(path),
            advice="name a file in a folder that you may write to: --output FILE",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _put_aside(path: Path) -> None:
    """Rename what is there to the first free name."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.old{number if number > 1 else ''}")
        if not aside.exists():
            path.rename(aside)
            note(f"what was there is {aside} now")
            return


def _put_next_steps(path: Path, variable: str, given: Beginning, worst: Exit | None) -> None:
    """`variable`: where the password is still to be put, empty for nowhere. `worst`: what came of
    trying it out, None if that was not possible.
    """
    from maildaemon.settings import ask_for_file, ask_for_variable

    usual = path == Path(_NAME)
    program = "maildaemon" if usual else f"maildaemon --config {shlex.quote(str(path))}"
    signs_in, password_file = given.oauth2 is not None, given.password_file
    say("next:")
    if worst:
        say(f"  mend what FAILED above; what can be changed of it stands in {path}")
    if password_file and not signs_in:
        say(f"  {ask_for_file(password_file)}     # type it, then Ctrl-D")
    elif variable:
        say(f"  {ask_for_variable(variable)}     # type the password, then Enter")
    if signs_in:
        say(f"  {program} auth     # sign in with a browser")
    if worst is not Exit.OK:
        say(f"  {program} check --connect")
    say(f"  {program} run")
    if password_file and not Path(password_file).is_absolute():
        note(f"the password file counts from the folder of {path.name}: {path.parent.absolute()}")
