"""Tells whether a mailbox is well: not by errors counted but by the age of the last success."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maildaemon.domain.brakes import Braking
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.in_force import InForce
from maildaemon.domain.leases import Holding
from maildaemon.domain.waiting import STOP_AFTER_REFUSALS

_QUIET_AT_MOST = timedelta(minutes=10)
_QUEUED_AT_MOST = timedelta(minutes=15)
_AGAIN = "end `maildaemon run` and start it again"
_WHY_REFUSED = "the log (config.refused) and `maildaemon check`"


class Severity(StrEnum):
    """`attention`: a person should look. `stuck`: a queue does not move. `unavailable`: a server
    cannot be used, or nobody reads the mailbox.
    """

    ATTENTION = "attention"
    STUCK = "stuck"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Account:
    """How a server takes us. `last_error` is None since the last success."""

    refusals: int = 0
    failures: int = 0
    next_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None

    @property
    def stopped(self) -> bool:
        """Tell whether it is only probed now and then, because the password is refused."""
        return self.refusals >= STOP_AFTER_REFUSALS


@dataclass(frozen=True, slots=True)
class InboundStanding:
    """What waits to be processed; `history` is what a backfill recorded."""

    waiting: int = 0
    oldest_at: datetime | None = None
    history: int = 0
    parked: int = 0
    gaps: int = 0
    gaps_alarmed: int = 0


@dataclass(frozen=True, slots=True)
class OutboxStanding:
    """What waits to be sent. `due_since` is when the oldest due mail should have gone, `late_since`
    when staff were told that mail waits long for its turn; `turn_at` is when the pace of the
    mailbox lets the next one go, None if that is now or nothing is due; `failed`, `expired` and
    `unknown` count the last seven days, and so do the `drafts` put into the mailbox; `sent` the
    last 24 hours.
    `held` is timed mail that came too late to go by itself.
    """

    queued: int = 0
    due: int = 0
    due_since: datetime | None = None
    turn_at: datetime | None = None
    late_since: datetime | None = None
    uncertain: int = 0
    drafts: int = 0
    shadow: int = 0
    held: int = 0
    sent: int = 0
    failed: int = 0
    expired: int = 0
    unknown: int = 0
    drafts_stuck: int = 0
    copies_waiting: int = 0
    copies_given_up: int = 0


@dataclass(frozen=True, slots=True)
class FilesStanding:
    """Files that are kept for staff to look at. `too_large`: mails of customers of the last seven
    days of which only the header was read, and where it is our turn.
    """

    held: int = 0
    refused: int = 0
    too_large: int = 0


@dataclass(frozen=True, slots=True)
class Concern:
    """What a person should know for as long as it lasts, and what to do about it."""

    what: str
    advice: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ProbeStanding:
    """What became of the mails to ourselves. `back_at`: when the newest that came back was seen
    outside Sent, None if none has; `seconds` after it was written, `junked` in Junk.
    `waiting_since`: when the oldest was written that is under way since, None if none is;
    `waiting_…`: where that one stands in the outbox, how often it failed there, and why. `left`:
    which could not be deleted, or came as a changed copy, of the last seven days.
    """

    back_at: datetime | None = None
    seconds: float | None = None
    junked: bool = False
    waiting_since: datetime | None = None
    waiting_state: OutboxState | None = None
    waiting_failures: int = 0
    waiting_why: str | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class MutedStanding:
    """An address that gets nothing automatic until then."""

    address: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that tells how a mailbox is doing. `started_at` None: it was never read. Of
    several daemons on one database one works on it (`held_by`), the others wait. `in_force`: what
    the daemon works with that works on it, or did last; None if that is not known. `began_at`:
    since when it works, with this configuration; None as well if no daemon works.
    """

    started_at: datetime | None = None
    began_at: datetime | None = None
    in_force: InForce | None = None
    held_by: Holding | None = None
    waiting: tuple[Holding, ...] = ()
    imap: Account = field(default_factory=Account)
    smtp: Account = field(default_factory=Account)
    inbound: InboundStanding = field(default_factory=InboundStanding)
    outbox: OutboxStanding = field(default_factory=OutboxStanding)
    files: FilesStanding = field(default_factory=FilesStanding)
    probe: ProbeStanding = field(default_factory=ProbeStanding)
    concerns: tuple[Concern, ...] = ()
    brakes: tuple[Braking, ...] = ()
    muted: tuple[MutedStanding, ...] = ()

    @property
    def is_unproven(self) -> bool:
        """Tell whether the daemon that works has not read the mailbox yet, since it began."""
        return is_awaited(self.imap, self.began_at)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as it should be, and what to do about it."""

    severity: Severity
    what: str
    advice: str


def is_awaited(account: Account, began_at: datetime | None) -> bool:
    """Tell whether a daemon that began then has not been let in yet: what one before it achieved,
    perhaps with another password, tells nothing of it. False where none works (None).
    """
    if began_at is None:
        return False
    return account.last_success_at is None or account.last_success_at < began_at


@dataclass(frozen=True, slots=True)
class Written:
    """What the file says that lies here, and which version is installed. `configuration` is a hash
    of the file, as in `InForce`; `is_here`: the daemon that works reads this file, and not one on
    another machine. `reload` is what to type for a service to read it.
    """

    mode: str
    configuration: str
    version: str
    is_here: bool
    reload: str


def has_changed(in_force: InForce | None, written: Written) -> bool | None:
    """Tell whether the file says something else than is in force; None if that is not known: a
    daemon on another machine has a file of its own, another version has other defaults.
    """
    if in_force is None or in_force.version != written.version or not written.is_here:
        return None
    return in_force.configuration != written.configuration


def troubles(
    standing: Standing, poll_every: timedelta, now: datetime, written: Written | None = None
) -> tuple[Trouble, ...]:
    """Return what is wrong, the gravest first; empty if the mailbox is well. `written` None: the
    file is not looked at.
    """
    found = (
        *_imap_troubles(standing, poll_every, now),
        *_smtp_troubles(standing, now),
        *_queue_troubles(standing, now),
        *_held_back(standing),
        *_for_people(standing),
        *(_of_the_file(standing, written) if written else _refused(standing)),
    )
    order = [Severity.UNAVAILABLE, Severity.STUCK, Severity.ATTENTION]
    return tuple(sorted(found, key=lambda trouble: order.index(trouble.severity)))


def lasting_troubles(
    standing: Standing, poll_every: timedelta, now: datetime
) -> tuple[Trouble, ...]:
    """Return what is wrong, but for single mails and files: whoever asks names those himself."""
    without = replace(
        standing,
        inbound=replace(standing.inbound, parked=0),
        outbox=replace(standing.outbox, failed=0, expired=0, unknown=0, held=0),
        files=FilesStanding(),
    )
    return troubles(without, poll_every, now)


def _imap_troubles(standing: Standing, poll_every: timedelta, now: datetime) -> Iterator[Trouble]:
    account, began_at, grave = standing.imap, standing.began_at, Severity.UNAVAILABLE
    connect = "try `maildaemon check --connect`"
    if _needs_correction(account, began_at):
        yield Trouble(grave, f"IMAP: {account.last_error}", _until_corrected(standing, account))
    elif account.last_success_at is None:
        yield Trouble(
            grave,
            f"the mailbox has never been read{_reason(account)}",
            f"{connect}, if it stays so" if began_at else "start `maildaemon run`",
        )
    elif now - account.last_success_at > max(_QUIET_AT_MOST, 3 * poll_every):
        yield Trouble(
            grave,
            f"the mailbox has not been read for {_span(now - account.last_success_at)}"
            f"{_reason(account)}",
            f"see whether `maildaemon run` is running; if so, {connect}",
        )
    elif began_at is not None and standing.is_unproven:
        since = _span(max(now - began_at, timedelta(0)))
        yield _attention(
            f"the mailbox has not been read yet since the start {since} ago{_reason(account)}",
            f"wait a moment; if it stays so, {connect}",
        )
    elif standing.started_at is None:
        yield _attention("the first reading of the mailbox is under way", "wait for it")


def _smtp_troubles(standing: Standing, now: datetime) -> Iterator[Trouble]:
    account = standing.smtp
    if _needs_correction(account, standing.began_at):
        advice = _until_corrected(standing, account)
        yield Trouble(Severity.UNAVAILABLE, f"SMTP: {account.last_error}", advice)
    elif account.last_error is not None and _overdue(standing.outbox.due_since, now):
        yield Trouble(
            Severity.UNAVAILABLE,
            f"no mail can be sent{_reason(account)}",
            "it is tried again by itself; try `maildaemon check --connect`",
        )


def _needs_correction(account: Account, began_at: datetime | None) -> bool:
    """Tell whether a server refuses us, or something else does not pass by itself. Of what failed
    before the start a refused password alone still counts: it is not tried again so soon.
    """
    if account.last_error is None or account.failures:
        return False
    return account.refusals > 0 or not (
        began_at is not None
        and account.last_error_at is not None
        and account.last_error_at < began_at
    )


def _queue_troubles(standing: Standing, now: datetime) -> Iterator[Trouble]:
    inbound, outbox = standing.inbound, standing.outbox
    running = "see in the log of `maildaemon run` what keeps it"
    if _overdue(inbound.oldest_at, now):
        what = f"{_count(inbound.waiting, 'message')} not processed, the oldest since "
        yield Trouble(Severity.STUCK, what + _span(now - _at(inbound.oldest_at)), running)
    if _overdue(outbox.due_since, now) and standing.smtp.last_error is None and not standing.brakes:
        what = f"{_count(outbox.due, 'mail')} not sent, the oldest overdue by "
        yield Trouble(Severity.STUCK, what + _span(now - _at(outbox.due_since)), running)


def _held_back(standing: Standing) -> Iterator[Trouble]:
    outbox = standing.outbox
    for one in standing.brakes:
        yield _attention(
            f"automatic mail stands still: {one.reason}",
            "look at `maildaemon outbox list --state queued`; when all is well: maildaemon resume"
            f" --brake {one.brake.value} (with --discard what is queued is not sent)",
        )
    if outbox.late_since is not None:
        yield _attention(
            f"{_count(outbox.queued, 'mail')} queued, late because of `limits.per_mailbox`",
            "nothing, unless customers may be answered faster: raise `limits.per_mailbox`",
        )
    for sender in standing.muted:
        yield _attention(
            f"{sender.address} seems to be a program and gets nothing automatic for a day",
            f"if a person writes there: maildaemon resume --sender {sender.address}",
        )


def _for_people(standing: Standing) -> Iterator[Trouble]:
    inbound, outbox, files = standing.inbound, standing.outbox, standing.files
    for concern in standing.concerns:
        yield _attention(concern.what, concern.advice)
    if inbound.parked:
        yield _attention(
            f"{_count(inbound.parked, 'message')} could not be processed", "maildaemon parked list"
        )
    if inbound.gaps_alarmed:
        yield _attention(
            f"{_count(inbound.gaps_alarmed, 'message')} withheld by the server for a day",
            "look into the mailbox with a mail client; the log names them (message.withheld)",
        )
    for state in ("failed", "expired", "unknown"):
        if number := getattr(outbox, state):
            yield _attention(
                f"{_count(number, 'mail')} {state} in the last 7 days",
                f"maildaemon outbox list --state {state}",
            )
    if outbox.held:
        yield _attention(
            f"{_count(outbox.held, 'mail')} held: a day late when the time came to send",
            "maildaemon outbox list --state held; each is sent by `maildaemon outbox release`",
        )
    yield from _in_the_mailbox(standing)
    if files.held:
        yield _attention(
            f"{_count(files.held, 'file')} held for a person to look at",
            "maildaemon attachments list --held",
        )
    if files.too_large:
        yield _attention(
            f"{_count(files.too_large, 'mail')} too large to be read, and not answered yet",
            "read it in the mailbox; maildaemon threads list --status open",
        )


def _in_the_mailbox(standing: Standing) -> Iterator[Trouble]:
    outbox, left = standing.outbox, standing.probe.left
    if outbox.drafts_stuck:
        yield _attention(
            f"{_count(outbox.drafts_stuck, 'draft')} could not be put into the mailbox",
            "see in the log why (draft.refused); is there a folder of drafts (`imap.drafts`)?",
        )
    if outbox.copies_given_up:
        yield _attention(
            f"{_count(outbox.copies_given_up, 'copy', 'copies')} could not be filed in Sent",
            "see in the log why (copy.given_up)",
        )
    if left:
        yield _attention(
            f"{_count(left, 'mail')} to ourselves could not be deleted in the last 7 days",
            "see in the log why (probe.left; of one that was changed on its way it says nothing), "
            "and delete them by hand",
        )


def _refused(standing: Standing) -> Iterator[Trouble]:
    if standing.in_force is not None and standing.in_force.refused_at is not None:
        refused = _refused_at(standing.in_force.refused_at)
        yield _attention(f"{refused}; the old one is in force", f"see {_WHY_REFUSED}")


def _of_the_file(standing: Standing, written: Written) -> Iterator[Trouble]:
    """Yield in what the daemon that works on a mailbox differs from what lies here. A file that was
    refused may have been corrected since.
    """
    if (in_force := standing.in_force) is None:
        return
    told = f"it runs in {in_force.mode}"
    if standing.held_by and not written.is_here:
        if written.mode != in_force.mode:
            what = f"{told} on {standing.held_by.place}; the file here says {written.mode}"
            yield _attention(what, "correct one of the two files")
        return
    if in_force.version != written.version:
        what = f"version {in_force.version} is running, and {written.version} is installed"
        yield _attention(what, _AGAIN)
    elif has_changed(in_force, written):
        what = "the configuration was changed since the daemon read it"
        if written.mode != in_force.mode:
            what = f"{told}; the file says {written.mode}"
        advice = written.reload if in_force.reloads else _AGAIN
        if in_force.refused_at is not None:
            what += f" ({_refused_at(in_force.refused_at)})"
            advice = f"see {_WHY_REFUSED}; once it can be used: {advice}"
        yield _attention(what, advice)


def _refused_at(at: datetime) -> str:
    return f"a changed configuration was refused at {at:%Y-%m-%d %H:%M} UTC"


def _attention(what: str, advice: str) -> Trouble:
    return Trouble(Severity.ATTENTION, what, advice)


def _until_corrected(standing: Standing, account: Account) -> str:
    if account.stopped:
        return "correct it: a new password is tried at once, the old one hardly any more"
    if standing.in_force is not None and not standing.in_force.reloads:
        return f"correct it, then {_AGAIN}"
    return (
        "correct it; what stands in the configuration is taken over on SIGHUP (systemctl reload), "
        "what stands in the environment when `maildaemon run` is started again"
    )


def _reason(account: Account) -> str:
    return f": {account.last_error}" if account.last_error else ""


def _overdue(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since > _QUEUED_AT_MOST


def _at(at: datetime | None) -> datetime:
    assert at is not None  # noqa: S101  `_overdue` has looked
    return at


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def _span(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    if minutes < 2:  # noqa: PLR2004
        return f"{int(duration.total_seconds())} seconds"
    if minutes < 120:  # noqa: PLR2004
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
