"""What `init` asks on a terminal: each answer is tried before the next question, so that a slip is
mended where it happened. What is asked stands on standard error; nothing is written here.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from maildaemon.cli.beginning import Beginning, split_server, variable_of
from maildaemon.cli.output import note, plain, verdict
from maildaemon.cli.trust import Doubt, doubt_about, read_vouching, trusted_by
from maildaemon.services.check import Finding, Result
from maildaemon.shipped import page

if TYPE_CHECKING:
    from maildaemon.settings import Settings

Answer = TypeVar("Answer")

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
        note(f"  {known.login}: {known.how} ({page('providers')})")
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


def ask_for_login(given: Beginning, path: Path) -> Beginning:
    """Ask for the password and log in with it, until that works or is put off; return what was
    changed meanwhile. Before that the servers must be trusted that it is sent to. It stays in the
    environment of this process. The user name is the usual one, and asked for only where that is
    refused.
    """
    variable = variable_of(given.read(path))
    if given.oauth2 or not variable:
        return given
    given = _ask_for_trust(given, path)
    if os.environ.get(variable):
        note(f"the password is the one of the environment variable {variable}")
    else:
        _ask_password(variable, given)
    refused = 0
    while os.environ.get(variable):
        found = _first_trouble(given.read(path))
        if found is None:
            return given
        if _is_password(found):
            refused += 1
            given = _mended_login(given, variable, refused)
        elif (mended := _mended_servers(given, found)) is None:
            return given
        else:
            given = _ask_for_trust(mended, path)
    return given


def _ask_password(variable: str, given: Beginning, otherwise: str = "later") -> bool:
    """Keep what is typed in the environment; tell whether anything was."""
    who = plain(given.username or given.address or "")
    question = f"Password of {who} (not shown, not written anywhere; Enter: {otherwise})"
    typed: str = click.prompt(question, default="", show_default=False, hide_input=True, err=True)
    if typed:
        os.environ[variable] = typed
    else:
        os.environ.pop(variable, None)
    return bool(typed)


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
        note(f"  password made for this program is needed (an app password): {page('providers')}")
    if refused >= _WARN_AFTER:
        note("  Some servers lock an account that is tried too often: Enter twice goes on without.")
    # The password first: whoever types ahead shows it to nobody.
    if _ask_password(variable, given, "another user name, or later"):
        return given
    before = given.username or given.address
    given = replace(given, username=_ask("User name", str.strip, before))
    if given.username != before:
        _ask_password(variable, given)
    return given


def _ask_for_trust(given: Beginning, path: Path) -> Beginning:
    """Have a person vouch for each server that nothing else vouches for; whoever does not is told
    again when she logs in.
    """
    note("looking at the certificates of the servers ...")
    for service in ("imap", "smtp"):
        while trusting := _trusting(given, service, path):
            given = trusting
    return given


def _trusting(given: Beginning, service: str, path: Path) -> Beginning | None:
    """Return it with another file of certificates for a server; None if none is needed, or would
    help, or nobody vouches for it. What vouches for the other server is tried first, then what the
    system trusts.
    """
    [mailbox], folder = given.read(path).mailboxes, path.parent
    if (doubt := doubt_about(service, mailbox)) is None:
        return None
    files = {"imap": given.imap_ca, "smtp": given.smtp_ca}
    others = [file for file in (*files.values(), "") if file != files[service]]
    paths = [folder / file if file else None for file in others]
    try:
        file = others[paths.index(trusted_by(service, mailbox, paths))]
    except LookupError:
        return _vouched(given, service, doubt, folder)
    called = Path(file).name if file in given.kept else file
    note(f"  {service.upper()}: it is trusted by {called or 'the certificates of the system'}")
    return given.trusting(service, file)


def _vouched(given: Beginning, service: str, doubt: Doubt, folder: Path) -> Beginning | None:
    """Show what is to be compared, and ask who vouches for it."""
    note(f"{verdict(good=False)} {plain(doubt.what)}")
    note("  what to do: have whoever runs the server tell you the fingerprint, by telephone rather")
    note("  than by mail. Only if it is the same the password may go there: type `yes`, and this")
    note("  certificate is trusted from then on, and saved beside the configuration.")
    question = "Is it the same? (yes, or a file of certificates (PEM) to trust; Enter: no)"
    vouching = _ask(question, lambda answer: read_vouching(answer, doubt, folder), "")
    return given.trusting(service, vouching.file, kept=vouching.kept) if vouching.file else None


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


def _ask(question: str, read: Callable[[str], Answer], default: str | None = None) -> Answer:
    """Ask until the answer can be used."""

    def checked(answer: str) -> Answer:
        try:
            return read(answer)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    answer: Answer = click.prompt(
        question, default=default, show_default=bool(default), value_proc=checked, err=True
    )
    return answer


def read_address(answer: str) -> str:
    """Return an address that was typed; ValueError, with an example, if it is none."""
    from maildaemon.settings.options import parse_address

    return parse_address(answer.strip())


def _server(answer: str) -> str:
    from maildaemon.settings.options import parse_host

    host = split_server("server", answer)[0]
    parse_host(host)
    # A slip, mostly; but a machine nearby may be called so.
    if "." not in host and ":" not in host and not _is_known(host):
        raise ValueError(f"no machine is called `{host}` here; write for example mail.example.com")
    return answer.strip()


def _is_known(host: str) -> bool:
    import socket

    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False
