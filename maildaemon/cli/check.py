"""`maildaemon check`: proves beforehand that it will run."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.alarms import check_alerts
from maildaemon.cli.calendar import check_hours, check_promises
from maildaemon.cli.exits import Exit, exit_for
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import (
    json_option,
    mailbox_option,
    plain,
    put_json,
    say,
    size_of,
    verdict,
    wrapped,
)
from maildaemon.cli.round_trip import check_round_trips
from maildaemon.cli.sign_ins import check_sign_ins
from maildaemon.cli.teach import examples
from maildaemon.cli.trust import with_certificate
from maildaemon.domain.room import ample_room, least_room
from maildaemon.errors import ConfigError, MaildaemonError, OperatorError
from maildaemon.services.check import (
    Finding,
    Result,
    check_mailbox,
    check_scanner,
    check_transport,
    failed,
)

if TYPE_CHECKING:
    from maildaemon.settings import MailboxSettings, Settings

_MODES = {
    "shadow": "nothing is sent",
    "drafts": "mails wait in the folder of drafts for a person to send",
    "live": "customers are answered",
}
_GOOD = {Result.OK: True, Result.WARNING: None, Result.FAILED: False}


@click.command(
    epilog=examples(
        "maildaemon check",
        "maildaemon check --connect",
        "maildaemon check --send            does a mail to ourselves arrive?",
        "maildaemon check --alert           does an alarm reach us?",
        "maildaemon --config new.yaml check && mv new.yaml maildaemon.yaml",
    )
)
@click.option(
    "--connect",
    is_flag=True,
    help="Also log in to every mailbox and SMTP server, and ask scanner and databases.",
)
@click.option(
    "--alert",
    "alarm",
    is_flag=True,
    help="Also raise a test alarm, at once and by every path of `alerts`: people are told.",
)
@click.option(
    "--send",
    is_flag=True,
    help="Also send a mail from each mailbox to itself, and see it arrive (with --connect).",
)
@mailbox_option
@json_option
@click.pass_obj
def check(
    invocation: Invocation,
    *,
    connect: bool,
    alarm: bool,
    send: bool,
    mailbox: str | None,
    as_json: bool,
) -> int:
    """Check beforehand that it will run: files, folders, servers.

    Looks at the configuration, the templates, the CSV files of order numbers, the data folder
    and the database, and names the next holidays. Without --connect no server is asked and no
    password is needed. Nothing is changed and no mail is sent, but for what --alert and --send
    ask for: the latter also learns whether the server files sent mail by itself. Ends with 0 if it
    will run, with 78 if something here must be changed, with 69 if a server cannot be used.
    """
    found = findings(invocation, mailbox, connect=connect or send, alarm=alarm, send=send)
    return put_findings(found, as_json=as_json)


def put_findings(found: Iterable[Finding], *, as_json: bool = False) -> Exit:
    """Print what is found, as it is found; return the code with which the command ends."""
    worst = Exit.OK
    for finding in found:
        worst = max(worst, exit_of(finding))
        if as_json:
            put_json(as_object(finding))
        else:
            put_finding(finding)
    return worst


def exit_of(finding: Finding) -> Exit:
    """Return the code with which a command ends that found this."""
    if finding.result is not Result.FAILED:
        return Exit.OK
    return exit_for(finding.error) if finding.error else Exit.CONFIG


def as_object(finding: Finding) -> dict[str, object]:
    """Return a finding for programs."""
    return {
        "check": finding.check,
        "mailbox": finding.mailbox,
        "result": finding.result.value,
        "what": finding.what,
        "advice": finding.advice or None,
    }


def put_finding(finding: Finding) -> None:
    """Print a finding for people."""
    mailbox = f"{finding.mailbox}: " if finding.mailbox else ""
    say(wrapped(f"{verdict(good=_GOOD[finding.result])} {plain(mailbox + finding.what)}", 4))
    if finding.advice:
        say(wrapped(f"    what to do: {plain(finding.advice)}", 8))


def findings(
    invocation: Invocation,
    mailbox: str | None = None,
    *,
    connect: bool = False,
    alarm: bool = False,
    send: bool = False,
) -> Iterator[Finding]:
    """Look at everything that a daemon needs, of one mailbox if it is named."""
    for finding in _all_findings(invocation, mailbox, connect=connect, alarm=alarm, send=send):
        if mailbox is None or finding.mailbox in {None, mailbox}:
            yield finding


def _all_findings(
    invocation: Invocation, mailbox: str | None, *, connect: bool, alarm: bool, send: bool
) -> Iterator[Finding]:
    try:
        settings = invocation.settings()
    except ConfigError as error:
        for problem in error.problems:
            yield Finding("configuration", Result.FAILED, str(problem))
        return
    except OperatorError as error:
        yield failed("configuration", error)
        return
    if mailbox is not None:
        choose_mailbox(settings, mailbox)
    path = invocation.find_config()
    yield Finding("configuration", Result.OK, f"configuration: {path} can be read")
    for warning in settings.warnings:
        yield Finding("configuration", Result.WARNING, str(warning))
    yield from _modes(settings)
    yield from check_hours(settings, datetime.now(UTC))
    yield from check_promises(settings, datetime.now(UTC))
    yield from _templates(settings)
    yield from _certificates(settings)
    yield from check_alerts(settings, alarm=alarm)
    chosen = (choose_mailbox(settings, mailbox),) if mailbox else settings.mailboxes
    yield from _lookups(settings, chosen, databases=connect)
    yield from _data_folder(settings)
    yield from check_sign_ins(settings, chosen)
    yield from _database(settings)
    if connect:
        broken = []
        for finding in check_connections(settings, chosen, path):
            broken += [finding.mailbox] if finding.result is Result.FAILED else []
            yield finding
        if send:
            yield from check_round_trips(
                settings, [one for one in chosen if one.name not in broken]
            )


def _modes(settings: "Settings") -> Iterator[Finding]:
    for mailbox in settings.mailboxes:
        if mailbox.reads == "sent_only":
            what = "reads sent_only: answers are seen, nothing is sent"
        else:
            modes = settings.mode_of(mailbox)
            what = f"mode {modes}: {_MODES[modes.default.value]}"
        yield Finding("mode", Result.OK, what, mailbox=mailbox.name)


def _templates(settings: "Settings") -> Iterator[Finding]:
    from maildaemon.bootstrap import make_composer

    try:
        composer = make_composer(settings)
        composer.check()
    except OperatorError as error:
        yield failed("templates", error)
        return
    languages = ", ".join(composer.languages())
    yield Finding("templates", Result.OK, f"templates: every mail can be written in {languages}")
    for remark in composer.remarks():
        yield Finding("templates", Result.WARNING, remark)


def _certificates(settings: "Settings") -> Iterator[Finding]:
    from maildaemon.adapters.certificates import require_authorities

    for mailbox in settings.mailboxes:
        for _, server in mailbox.servers:
            try:
                if server.ca_file is not None:
                    require_authorities(server.ca_file)
            except OperatorError as error:
                yield failed("certificates", error, mailbox.name)


def _lookups(
    settings: "Settings", mailboxes: "Iterable[MailboxSettings]", *, databases: bool
) -> Iterator[Finding]:
    """Each list of order numbers once, whichever mailboxes ask it."""
    from maildaemon.bootstrap import make_lookup

    lookups = [one for one in (make_lookup(settings, mailbox) for mailbox in mailboxes) if one]
    tried = [one for lookup in lookups for one in lookup.try_out(databases=databases)]
    for one in dict.fromkeys(tried):
        about = f"order numbers `{one.name}`"
        if one.why_not is not None:
            advice = "look at `order_numbers[].lookup`; relative paths count from the configuration"
            yield failed("lookup", OperatorError(one.why_not, where=about, advice=advice))
        elif one.numbers == 0:
            what = f"{about}: {one.place} holds no number: every one would count as unknown"
            yield Finding("lookup", Result.WARNING, what, "see whether it is the right file")
        else:
            held = "can be asked" if one.numbers < 0 else f"numbers there: {one.numbers}"
            yield Finding("lookup", Result.OK, f"{about}: {one.place}, {held}")


def _data_folder(settings: "Settings") -> Iterator[Finding]:
    """Nothing is made here: who checks may be another user than the one who will run."""
    folder = settings.service.data_dir
    nearest = _nearest(folder)
    made = "" if nearest == folder else " (it will be made)"
    if error := _why_unwritable(folder, "`service.data_dir`"):
        yield failed("data_dir", error)
        return
    yield Finding("data_dir", Result.OK, f"data folder: {folder} can be written{made}")
    yield _room(settings)
    if not made and folder.stat().st_mode & 0o077:
        yield Finding(
            "data_dir",
            Result.WARNING,
            f"{folder}: others can look into the data folder, which holds all mail",
            f"run: chmod 700 {folder}",
        )


def _room(settings: "Settings") -> Finding:
    """Judge by the marks at which the daemon tells of it."""
    from maildaemon.adapters.installation import free_space
    from maildaemon.bootstrap import kept_in

    free = free_space(*(_nearest(folder) for folder in kept_in(settings)))
    largest = max(
        settings.policy_of(one).attachments.max_message_size for one in settings.mailboxes
    )
    what = f"disk: {size_of(free)} free where mail is kept"
    if free >= ample_room(largest):
        return Finding("disk", Result.OK, what)
    full = f"below {size_of(least_room(largest))} no mail is fetched (`disk.full`)"
    if free < least_room(largest):
        return failed("disk", OperatorError(f"{what}; {full}", advice="make room there"))
    what += f"; below {size_of(ample_room(largest))} people are told (`disk.filling`)"
    return Finding("disk", Result.WARNING, what, f"make room there: {full}")


def _nearest(path: Path) -> Path:
    """Return the first of the path and its parents that exists."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def _why_unwritable(folder: Path, option: str, file: Path | None = None) -> OperatorError | None:
    """Return why nothing can be made in a folder, or the file not in its folder."""
    from maildaemon.adapters.installation import folder_advice

    nearest = _nearest(folder)
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return None
    what = "no folder that this user may write to"
    if nearest != folder:
        what = f"is missing, and {nearest} is {what}"
    if file:
        what = f"its folder {folder}{'' if nearest != folder else ' is'} {what}"
    return OperatorError(what, where=str(file or folder), advice=folder_advice(folder, option))


def _database(settings: "Settings") -> Iterator[Finding]:
    from maildaemon.adapters.sql.reading import (
        has_started,
        is_new,
        newest_revision,
        open_reading,
        place_of,
        sqlite_path,
    )

    url = settings.database.url
    path = sqlite_path(url)
    if path is not None and not path.exists():
        if error := _why_unwritable(path.parent, "`database.url`", path):
            yield failed("database", error)
            return
        yield Finding("database", Result.OK, f"database: {path} (it will be made)")
        return
    try:
        if is_new(url):
            what = f"database: {place_of(url)} (its tables will be made)"
            yield Finding("database", Result.OK, what)
            return
        with closing(open_reading(url)) as store:
            started = has_started(store, url)
    except MaildaemonError as trouble:
        yield failed("database", trouble)
        return
    what = f"database: {place_of(url)}, revision {newest_revision()}"
    yield Finding("database", Result.OK, what)
    if started:
        yield from _key(settings.service.data_dir)


def _key(data_dir: Path) -> Iterator[Finding]:
    from maildaemon.adapters.installation import LOST_KEY, LOST_KEY_ADVICE, has_key

    # Whoever may not look into the folder cannot tell.
    if os.access(data_dir, os.X_OK) and not has_key(data_dir):
        what = f"{data_dir / 'key'}: {LOST_KEY}"
        yield Finding("key", Result.WARNING, what, LOST_KEY_ADVICE)


def _place(
    settings: "Settings", mailbox: "MailboxSettings", path: Path | None, service: str
) -> str:
    """Return `file:line` of a server of a mailbox; empty if it stands in no file yet."""
    from maildaemon.settings import line_of

    if path is None:
        return ""
    return line_of(path, ("mailboxes", settings.mailboxes.index(mailbox), service))


def check_connections(
    settings: "Settings", mailboxes: "Iterable[MailboxSettings]", path: Path | None = None
) -> Iterator[Finding]:
    """Log in everywhere that these mailboxes need, and say what came of it. `path`: the file in
    which the settings stand, if they do already.
    """
    import asyncio

    from maildaemon.bootstrap import make_mailbox, make_scanner, make_transport
    from maildaemon.logins import make_bearer
    from maildaemon.settings.policy import make_policy

    def explained(finding: Finding) -> Finding:
        return with_certificate(finding, mailbox, partial(_place, settings, mailbox, path))

    for mailbox in mailboxes:
        imap = make_mailbox(settings, mailbox)
        for finding in check_mailbox(make_policy(settings, mailbox), imap):
            yield explained(finding)
        if mailbox.smtp is not None:
            bearer = make_bearer(settings, mailbox, mailbox.smtp)
            transport = make_transport(mailbox.smtp, bearer)
            yield explained(asyncio.run(check_transport(mailbox.name, transport)))
        if scanner := make_scanner(settings, mailbox):
            yield check_scanner(mailbox.name, scanner)
