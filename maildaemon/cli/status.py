"""`maildaemon status`: is it well, and what needs a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit
from maildaemon.cli.in_force import as_it_runs, is_running, read_written
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import (
    ago,
    ahead,
    json_option,
    local,
    mailbox_option,
    mark,
    plain,
    probe_in_words,
    put_facts,
    put_json,
    say,
    success_in_words,
)
from maildaemon.cli.sign_ins import SignedIn, signed_in
from maildaemon.cli.teach import examples
from maildaemon.domain.leases import Holding
from maildaemon.domain.standing import (
    Account,
    OutboxStanding,
    ProbeStanding,
    Severity,
    Standing,
    Trouble,
    has_changed,
    troubles,
)

if TYPE_CHECKING:
    from maildaemon.settings import MailboxSettings, Settings

_MODES = {
    "shadow": "shadow: nothing is sent",
    "sent_only": "a colleague's account: only answers in Sent are read",
}
_EXITS = {Severity.UNAVAILABLE: Exit.UNAVAILABLE, Severity.STUCK: Exit.TEMPORARY}


@dataclass(frozen=True, slots=True)
class _Report:
    mailbox: str
    mode_in_file: str
    changed: bool | None
    standing: Standing
    troubles: tuple[Trouble, ...]
    sign_ins: tuple[SignedIn, ...]

    @property
    def mode(self) -> str:
        return self.standing.in_force.mode if self.standing.in_force else self.mode_in_file

    @property
    def well(self) -> bool:
        return all(trouble.severity is Severity.ATTENTION for trouble in self.troubles)


@click.command(
    epilog=examples(
        "maildaemon status",
        "maildaemon status --json | jq 'select(.well | not)'",
        "maildaemon status >/dev/null || echo 'maildaemon is unwell'",
        "maildaemon status --json | jq -es 'all(.running)' || echo 'nothing runs'",
    )
)
@mailbox_option
@json_option
@click.pass_obj
def status(invocation: Invocation, *, mailbox: str | None, as_json: bool) -> int:
    """Show how each mailbox is doing, and what needs a person.

    Judged by the age of the last success, not by errors. Ends with 0 while every mailbox is read
    and every queue moves; with 69 if a mailbox is not read or a server refuses us; with 75 if a
    queue does not move, or the database is locked. What only needs a person (a parked message, a
    held file, the brake) is shown with the command to type, and is no reason to end with an error.
    Nor is it that no daemon is running, for `run --once` comes and goes: that is told above all
    else, and as `running` with --json.
    """
    from maildaemon.adapters.clock import utc_now

    settings = invocation.settings()
    chosen = (choose_mailbox(settings, mailbox),) if mailbox else settings.mailboxes
    running = is_running(settings)
    reports = _read(settings, chosen, running, utc_now())
    now = utc_now()
    if running is False and not as_json:
        say(f"{mark(good=None)} no daemon is running: nothing is read, and nothing is sent")
        say("    what to do: maildaemon run")
    for report in reports:
        if as_json:
            put_json({**_as_object(report), "running": running})
        else:
            _put(report, now)
    severities = [trouble.severity for report in reports for trouble in report.troubles]
    return next((code for grave, code in _EXITS.items() if grave in severities), Exit.OK)


def _read(
    settings: "Settings",
    mailboxes: "Iterable[MailboxSettings]",
    running: bool | None,
    now: datetime,
) -> list[_Report]:
    from maildaemon.adapters.sql.listings import read_listings
    from maildaemon.adapters.sql.reading import ScratchStore, is_new, open_reading

    url = settings.database.url
    store = ScratchStore() if is_new(url) else open_reading(url)
    with read_listings(store) as listings:
        standings = []
        for one in mailboxes:
            mailbox_id = listings.mailbox_id(one.name)
            standing = Standing() if mailbox_id is None else listings.standing(mailbox_id, now)
            standings.append((one, standing))
    store.close()
    return [_report(settings, one, standing, running, now) for one, standing in standings]


def _report(
    settings: "Settings",
    mailbox: "MailboxSettings",
    standing: Standing,
    running: bool | None,
    now: datetime,
) -> _Report:
    standing = as_it_runs(settings, standing, running)
    written = read_written(settings, mailbox, standing.in_force)
    return _Report(
        mailbox.name,
        written.mode,
        has_changed(standing.in_force, written),
        standing,
        troubles(standing, mailbox.imap.poll_every, now, written),
        signed_in(settings, mailbox),
    )


def _as_object(report: _Report) -> dict[str, object]:
    standing = report.standing
    return {
        "mailbox": report.mailbox,
        "well": report.well,
        "mode": report.mode,
        "mode_in_file": report.mode_in_file,
        "in_force": standing.in_force,
        "changed": report.changed,
        "started_at": standing.started_at,
        "began_at": standing.began_at,
        "held_by": standing.held_by,
        "waiting": standing.waiting,
        "imap": _account(standing.imap),
        "smtp": _account(standing.smtp),
        "sign_ins": report.sign_ins,
        "inbound": standing.inbound,
        "outbox": standing.outbox,
        "files": standing.files,
        "probe": standing.probe,
        "concerns": standing.concerns,
        "brakes": standing.brakes,
        "muted": standing.muted,
        "troubles": report.troubles,
    }


def _account(account: Account) -> dict[str, object]:
    return {
        "last_success_at": account.last_success_at,
        "last_error": account.last_error,
        "last_error_at": account.last_error_at,
        "next_attempt_at": account.next_attempt_at,
        "refusals": account.refusals,
        "failures": account.failures,
        "stopped": account.stopped,
    }


def due_in_words(outbox: OutboxStanding, now: datetime) -> str | None:
    """Return since when mail is due, or until when it waits its turn; None if nothing is due."""
    if outbox.turn_at is not None:
        return f"waits its turn (`limits.per_mailbox`), which comes {ahead(outbox.turn_at, now)}"
    return ago(outbox.due_since, now) if outbox.due_since else None


def _put(report: _Report, now: datetime) -> None:
    standing = report.standing
    inbound, outbox, files = standing.inbound, standing.outbox, standing.files
    told = _MODES.get(report.mode, report.mode)
    good = None if report.well and standing.is_unproven else report.well
    say(f"{mark(good=good)} {report.mailbox} ({told})")
    put_facts(
        [
            ("  held by", _who(standing.held_by) if standing.held_by else None),
            *(("  waiting", _who(one)) for one in standing.waiting),
            ("  IMAP", _in_words(standing.imap, standing.began_at, now)),
            ("  SMTP", _in_words(standing.smtp, standing.began_at, now)),
            *(("  sign-in", str(one)) for one in report.sign_ins),
            ("  inbound", f"{inbound.waiting} waiting, {inbound.parked} parked"),
            ("  history", f"{inbound.history} waiting" if inbound.history else None),
            ("  withheld", f"{inbound.gaps} by the server" if inbound.gaps else None),
            ("  outbox", f"{outbox.queued} queued, {outbox.due} due"),
            ("  uncertain", outbox.uncertain or None),
            ("  oldest due", due_in_words(outbox, now)),
            ("  sent", f"{outbox.sent} in 24 hours"),
            ("  drafts", f"{outbox.drafts} in 7 days" if outbox.drafts else None),
            ("  shadow", f"{outbox.shadow} recorded and not sent" if outbox.shadow else None),
            ("  files", f"{files.held} held, {files.refused} refused"),
            ("  probe", _round_trip(standing.probe, now)),
            *((f"  brake {one.brake}", f"since {local(one.set_at)}") for one in standing.brakes),
            *(
                ("  muted", f"{plain(one.address)} until {local(one.until)}")
                for one in standing.muted
            ),
        ]
    )
    for trouble in report.troubles:
        good = None if trouble.severity is Severity.ATTENTION else False
        say(f"  {mark(good=good)} {plain(trouble.what)}")
        say(f"      what to do: {trouble.advice}")


def _round_trip(probe: ProbeStanding, now: datetime) -> str | None:
    """None: no mail goes to ourselves."""
    back = probe_in_words(probe, now)
    waits = f"under way since {local(probe.waiting_since)}" if probe.waiting_since else None
    return "; ".join(one for one in (back, waits) if one) or None


def _who(one: Holding) -> str:
    return f"{plain(one.place)} since {local(one.since)}"


def _in_words(account: Account, began_at: datetime | None, now: datetime) -> str:
    success = f"last success: {success_in_words(account, began_at, now)}"
    if account.last_error is None:
        return success
    state = "stopped" if account.stopped else "in trouble"
    again = (
        f", tried again {ahead(account.next_attempt_at, now)}" if account.next_attempt_at else ""
    )
    return f"{state}, {success}{again}: {account.last_error}"
