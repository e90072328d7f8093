"""What `init` asks on a terminal: each answer is tried before the next question, so that a slip is
mended where it happened. What is asked stands on standard error; nothing is written here.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.beginning import Beginning, split_server, variable_of
from maildaemon.cli.output import note, plain, verdict
from maildaemon.cli.trust import read_authorities, trusted_by
from maildaemon.errors import UntrustedError
from maildaemon.services.check import Finding, Result

if TYPE_CHECKING:
    from maildaemon.settings import Settings

# Some servers lock an account, or an address, that tries on.
_WARN_AFTER = 3


def ask_for_servers(given: Beginning, *, offline: bool) -> Beginning:
    """Ask for the address and the servers, as far as they were not given."""
    if not given.address:
        given = replace(given, address=_ask("Address customers write to", read_address))
    if given.display_name is None:
        name = _ask("Name customers see (Enter: none)", str.strip, "")
        given = replace(given, display_name=name)
    proposed = with_known_servers(given)
    if not (proposed.imap_host and proposed.smtp_host) and not offline:
        proposed = _found(given)
    if known := proposed.known:
        note(f"  {known.login}: {known.how} (docs/providers.md)")
    # What is known of an address such as me@gmail.com needs no question.
    if not (given.imap_host and given.smtp_host) and not proposed.is_of_provider:
        proposed = _ask_servers(proposed, given)
    if proposed.known and proposed.known.by_token and proposed.client_id is None:
        proposed = _ask_application(proposed)
    return proposed


def with_known_servers(given: Beginning) -> Beginning:
    """Fill in what the provider's servers are."""
    known = given.known
    if known is None:
        return given
    return replace(
        given,
        imap_host=given.imap_host or known.imap,
        smtp_host=given.smtp_host or known.smtp,
    )


def _found(given: Beginning) -> Beginning:
    """Fill in what the domain says of itself, or what answers under a usual name."""
    from maildaemon.adapters.discovery import find_exchanges, find_servers
    from maildaemon.adapters.dns import name_servers
    from maildaemon.domain.authentication import same_organisation
    from maildaemon.settings.providers import provider_of_exchange

    note(f"looking for the servers of {plain(given.domain)} ...")
    resolvers, address = name_servers(), given.address or ""
    for host in find_exchanges(address, resolvers):
        if provider := provider_of_exchange(host):
            note(f"  mail for {given.domain} arrives at {plain(host)}")
            return with_known_servers(replace(given, provider=provider.name))
    found = find_servers(address, resolvers)
    if not (found.imap or found.smtp):
        note("  none was found: whoever gave you the mailbox can tell")
        return given
    note(f"  found by {plain(found.by)}")
    for host in {found.imap.rpartition(":")[0], found.smtp.rpartition(":")[0]} - {""}:
        if not same_organisation(host, given.domain):
            note(f"  {plain(host)} is of another domain: go on only if it is your provider's")
    return replace(
        given,
        imap_host=given.imap_host or _without_usual_port(found.imap, "993"),
        smtp_host=given.smtp_host or _without_usual_port(found.smtp, "465"),
        username=given.username or found.username,
    )


def _without_usual_port(server: str, port: str) -> str:
    return server.removesuffix(f":{port}")


def _ask_servers(proposed: Beginning, given: Beginning) -> Beginning:
    domain = proposed.domain
    imap = given.imap_host or _ask("IMAP server", _server, proposed.imap_host or f"imap.{domain}")
    smtp = given.smtp_host or _ask("SMTP server", _server, proposed.smtp_host or f"smtp.{domain}")
    return replace(proposed, imap_host=imap, smtp_host=smtp)


def _ask_application(given: Beginning) -> Beginning:
    """Ask for what a login by OAuth2 needs: somebody must have registered an application there."""
    note("  an application must be registered there once; Ctrl-C ends this, nothing is written")
    given = replace(given, client_id=_ask("Application (client) ID", str.strip))
    if given.tenant or given.is_of_provider:
        return given
    return replace(given, tenant=_ask("Directory (tenant) ID or domain", str.strip, given.domain))


def ask_for_password(given: Beginning, path: Path) -> Beginning:
    """Ask for the password and log in with it, until that works or is put off; return what was
    changed meanwhile. The password stays in the environment of this process. The user name is the
    usual one, and asked for only where that is refused.
    """
    settings = given.read(path)
    variable = variable_of(settings)
    if given.oauth2 or not variable:
        return given
    if os.environ.get(variable):
        note(f"the password is the one of the environment variable {variable}")
    else:
        _ask_password(variable, given)
    refused = 0
    while os.environ.get(variable):
        settings = given.read(path)
        found = _first_trouble(settings)
        if found is None:
            return given
        if _is_password(found):
            refused += 1
            given = _mended_login(given, variable, refused)
        elif trusting := _mended_trust(given, found, settings, path.parent):
            given = trusting
        elif (mended := _mended_servers(given, found)) is None:
            return given
        else:
            given = mended
    return given


def _ask_password(variable: str, given: Beginning) -> None:
    who = plain(given.username or given.address or "")
    question = f"Password of {who} (not shown, not written anywhere; Enter: later)"
    typed = click.prompt(question, default="", show_default=False, hide_input=True, err=True)
    if typed:
        os.environ[variable] = typed
    else:
        os.environ.pop(variable, None)


def _first_trouble(settings: "Settings") -> Finding | None:
    """Log in to both servers; return the first thing that is to be mended, None if all is well."""
    from maildaemon.cli.check import check_connections

    note("logging in ...")
    for finding in check_connections(settings, settings.mailboxes):
        no_sent = finding.check == "folders" and finding.result is Result.WARNING
        if finding.result is Result.FAILED or no_sent:
            note(f"{verdict(good=False if finding.error else None)} {plain(finding.what)}")
            if finding.advice and not _is_password(finding):
                note(f"  what to do: {plain(finding.advice)}")
            return finding
        if finding.check in {"imap", "smtp"}:
            note(f"{verdict(good=True)} {finding.check.upper()}: logged in")
    return None


def _is_password(finding: Finding) -> bool:
    from maildaemon.errors import MailboxPasswordRefusedError, TransportPasswordRefusedError

    return isinstance(finding.error, MailboxPasswordRefusedError | TransportPasswordRefusedError)


def _mended_login(given: Beginning, variable: str, refused: int) -> Beginning:
    """Say what may be wrong with a password, and ask once more."""
    if known := given.known:
        note(f"  {known.login}: {known.how}.")
    else:
        note("  A slip is easily made where nothing is shown. Where you log in in two steps, a")
        note("  password made for this program is needed (an app password): see docs/providers.md.")
    if refused >= _WARN_AFTER:
        note(
            "  Some servers lock an account that is tried too often: press Enter to go on without."
        )
    given = replace(given, username=_ask("User name", str.strip, given.username or given.address))
    _ask_password(variable, given)
    return given


def _mended_trust(
    given: Beginning, found: Finding, settings: "Settings", folder: Path
) -> Beginning | None:
    """Have a person name the file that vouches for a server; None if that is not the trouble, or
    nobody does. What was named for the other server is tried first, then what the system trusts.
    """
    if not (isinstance(found.error, UntrustedError) and found.error.by_file):
        return None
    service, files = found.check, {"imap": given.imap_ca, "smtp": given.smtp_ca}
    others = [file for file in (*files.values(), "") if file != files[service]]
    try:
        paths = [folder / file if file else None for file in others]
        trusted = trusted_by(service, settings.mailboxes[0], paths)
    except LookupError:
        question = "File of certificates to trust there (PEM; Enter: none)"
        file = _ask(question, lambda answer: read_authorities(answer, folder), "")
        return given.trusting(service, file) if file else None
    file = others[paths.index(trusted)]
    note(f"  {service.upper()}: it is trusted by {file or 'the certificates of the system'}")
    return given.trusting(service, file)


def _mended_servers(given: Beginning, found: Finding) -> Beginning | None:
    """Ask what to do about what was found; None to leave it as it is."""
    from maildaemon.errors import MailboxRefusedError

    # A folder that is not there; of the inbox nobody has said another name here.
    no_folder = given.sent and isinstance(found.error, MailboxRefusedError)
    if found.error is None or no_folder:
        sent = _ask("The folder of sent mail (Enter: none)", str.strip, given.sent)
        return replace(given, sent=sent) if sent != given.sent else None
    answers = click.Choice(("again", "servers", "write"))
    wanted = click.prompt(
        "Try again, change the servers, or write it as it is?",
        type=answers,
        default="servers",
        err=True,
    )
    if wanted == "write":
        return None
    if wanted == "again":
        return given
    return _ask_servers(given, replace(given, imap_host=None, smtp_host=None))


def _ask(question: str, read: Callable[[str], str], default: str | None = None) -> str:
    """Ask until the answer can be used."""

    def checked(answer: str) -> str:
        try:
            return read(answer)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    answer: str = click.prompt(
        question, default=default, show_default=bool(default), value_proc=checked, err=True
    )
    return answer


def read_address(answer: str) -> str:
    """Return an address that was typed; ValueError, with an example, if it is none."""
    from maildaemon.settings.options import parse_address

    return parse_address(answer.strip())


def _server(answer: str) -> str:
    from maildaemon.settings.options import parse_host

    parse_host(split_server("server", answer)[0])
    return answer.strip()
