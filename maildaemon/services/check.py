"""Proves that a mailbox can be read and that mail can be sent, without changing anything."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from maildaemon.domain.authentication import find_authserv_id
from maildaemon.domain.policy import Mode, Policy, Probing, Reads
from maildaemon.errors import (
    MailboxRefusedError,
    MaildaemonError,
    OperatorError,
    StoreUnavailableError,
)
from maildaemon.ports import FolderName, Mailbox, Role, Scanner, Transport


class Result(StrEnum):
    """A `warning` works, but somebody should know."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it; `error` is why it failed. `learnt` is what a
    person may write into the configuration by it.
    """

    check: str
    result: Result
    what: str
    advice: str = ""
    mailbox: str | None = None
    error: MaildaemonError | None = None
    learnt: str = ""


def failed(
    check: str, error: MaildaemonError, mailbox: str | None = None, about: str = ""
) -> Finding:
    """Return the finding for a check that ended with an error."""
    match error:
        case OperatorError(what=what, where=where, advice=advice):
            words = f"{where}: {what}" if where else what
        case StoreUnavailableError():
            words = str(error)
            advice = "see whether the database is up; a lock may pass by itself"
        case _:
            words = str(error)
            advice = (
                "see whether host, port and security are right, and whether the server can be "
                "reached from this machine"
            )
    return Finding(check, Result.FAILED, about + words, advice, mailbox, error)


def check_mailbox(policy: Policy, mailbox: Mailbox) -> Iterator[Finding]:
    """Log in over IMAP, find the folders, ask for IDLE; nothing more after a failure.

    Of a colleague's account only the folder of sent mail is looked at.
    """
    name = policy.mailbox
    try:
        folders = mailbox.folders()
        yield Finding("imap", Result.OK, "IMAP: logged in", mailbox=name)
        if policy.reads is Reads.SENT_ONLY:
            yield _check_sent(name, folders)
            return
        yield from _check_folders(name, mailbox)
        if Mode.DRAFTS in {policy.mode, *(mode for _, mode in policy.modes)}:
            yield from _check_drafts(name, folders)
        yield from _check_authserv_id(policy, mailbox, folders[0].name)
        yield _check_idle(name, mailbox, folders[0].name)
        if policy.probe is not None:
            yield _check_probe(name, mailbox, policy.probe)
    except MaildaemonError as error:
        yield failed("imap", error, name, "IMAP: ")
    finally:
        mailbox.close()


def _check_sent(name: str, folders: Sequence[FolderName]) -> Finding:
    sent = next((folder.name for folder in folders if folder.role is Role.SENT), None)
    if sent is None:
        words = "the account has no folder of sent mail, and nothing else of it is read"
        error = MailboxRefusedError(words, advice="name it in the configuration: imap.sent")
        return failed("folders", error, name)
    return Finding("folders", Result.OK, f"folders: sent `{sent}`, the only one read", mailbox=name)


def _check_drafts(name: str, folders: Sequence[FolderName]) -> Iterator[Finding]:
    if not any(folder.role is Role.DRAFTS for folder in folders):
        words = "the mode is drafts, and the mailbox has no folder for them"
        advice = "make one, or name it in the configuration: imap.drafts"
        yield failed("folders", MailboxRefusedError(words, advice=advice), name)


def _check_folders(name: str, mailbox: Mailbox) -> Iterator[Finding]:
    folders = mailbox.folders()
    listed = ", ".join(f"{folder.role.value} `{folder.name}`" for folder in folders)
    count = mailbox.examine(folders[0].name).messages
    what = f"folders: {listed}; mails in the inbox: {count}"
    yield Finding("folders", Result.OK, what, mailbox=name)
    for missing, advice in mailbox.missing_folders():
        error = MailboxRefusedError(f"there is no folder named {missing!r}", advice=advice)
        yield failed("folders", error, name)
    if not any(folder.role is Role.SENT for folder in folders):
        yield Finding(
            "folders",
            Result.WARNING,
            "no folder of sent mail was found: answers that people write would not be seen",
            "name it in the configuration: imap.sent",
            name,
        )


# So few that a long-standing mailbox costs no more than a new one.
_NEWEST = 100
_FOLDED = re.compile(rb"\r?\n[ \t]")
_DOMAIN = re.compile(rb"@([a-z0-9.-]+)", re.IGNORECASE)


def _check_authserv_id(policy: Policy, mailbox: Mailbox, inbox: str) -> Iterator[Finding]:
    """Say which name our server signs its Authentication-Results with, if the newest mail tells."""
    uidnext = mailbox.examine(inbox).uidnext
    if uidnext is None:
        return
    newest = [one.uid for one in mailbox.list_after(inbox, max(uidnext - 2 * _NEWEST, 0))]
    if not newest[-_NEWEST:]:
        return
    froms, results = (
        {one.uid: one.raw for one in mailbox.fetch_headers(inbox, newest[-_NEWEST:], field)}
        for field in ("from", "authentication-results")
    )
    ours = policy.sender.domain.lower()
    domains = {uid: _DOMAIN.findall(raw) for uid, raw in froms.items()}
    arrived = [
        (_topmost(results.get(uid, b"")), found[-1].decode("ascii").lower())
        for uid, found in domains.items()
        if found and found[-1].decode("ascii").lower() != ours
    ]
    name, wanted = find_authserv_id(arrived), policy.authserv_id
    if name is not None and wanted is None:
        what = f"Authentication-Results: your server signs as `{name}`, by all of the newest mail"
        advice = f"if that is your server, let it be believed: `authserv_id: {name}` at the mailbox"
        yield Finding("authserv_id", Result.OK, what, advice, policy.mailbox, learnt=name)
    elif wanted is not None and name is not None and name != wanted.lower():
        what = f"authserv_id is `{wanted}`, but the newest mail is signed by `{name}`"
        advice = "whom `authserv_id` does not name is not believed: see which one is your server"
        yield Finding("authserv_id", Result.WARNING, what, advice, policy.mailbox)


def _topmost(raw: bytes) -> str:
    """Return the first of these header fields, without its name."""
    line = _FOLDED.sub(b" ", raw).partition(b"\n")[0]
    return line.partition(b":")[2].decode("ascii", "replace").strip()


def _check_idle(name: str, mailbox: Mailbox, inbox: str) -> Finding:
    try:
        mailbox.wait(inbox, timedelta(0))
    except NotImplementedError:
        what = "IDLE is not offered: the mailbox is looked at every `imap.poll_every`"
        return Finding("idle", Result.WARNING, what, mailbox=name)
    return Finding("idle", Result.OK, "IDLE is offered: new mail is seen at once", mailbox=name)


def _check_probe(name: str, mailbox: Mailbox, probe: Probing) -> Finding:
    """Say what a mail to ourselves would do; none is sent."""
    minutes, late = (int(one.total_seconds()) // 60 for one in (probe.every, probe.late_after))
    what = f"probe: a mail to {probe.to} every {minutes} minutes, in every mode; one that is not "
    what += f"back after {late} minutes is told, and what is back is deleted"
    if mailbox.can_delete():
        return Finding("probe", Result.OK, what, mailbox=name)
    what += "; this server cannot delete a single message (UIDPLUS): it is marked as deleted and "
    what += "as read, and stays until a mail program cleans up the folder"
    advice = "have staff's mail program do so now and then, or leave `probe` out"
    return Finding("probe", Result.WARNING, what, advice, name)


def check_scanner(name: str, scanner: Scanner) -> Finding:
    """See whether the virus scanner answers."""
    try:
        scanner.ping()
    except MaildaemonError as error:
        advice = "see whether clamd is running and whether this user may use its socket"
        return Finding("scanner", Result.FAILED, f"virus scanner: {error}", advice, name, error)
    return Finding("scanner", Result.OK, f"virus scanner: {scanner.place} answers", mailbox=name)


async def check_transport(name: str, transport: Transport) -> Finding:
    """Open a session with the SMTP server and log in; nothing is sent."""
    try:
        await transport.open()
    except MaildaemonError as error:
        return failed("smtp", error, name, "SMTP: ")
    finally:
        await transport.close()
    return Finding("smtp", Result.OK, "SMTP: the server takes mail from us", mailbox=name)
