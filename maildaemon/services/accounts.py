"""Keeps away from a server that refuses or cannot be reached: per account, never per mail.

What was refused is remembered in the database, so that a restart does not start knocking anew:
accounts and whole addresses get locked by that.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from maildaemon.domain.waiting import STOP_AFTER_REFUSALS, outage_wait, refusal_wait
from maildaemon.errors import (
    MailboxPasswordRefusedError,
    MaildaemonError,
    OperatorError,
    SignInRefusedError,
    TransportPasswordRefusedError,
)
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import AccountRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk
from maildaemon.services.in_force import in_force_since

_NOTE_SUCCESS_EVERY = timedelta(seconds=30)
_OPERATOR_WAIT = timedelta(minutes=1)
_TELL_AFTER = timedelta(hours=1)
# So many within a quarter of an hour: a machine that has just been started is not an outage.
_TELL_FAILURES = 10
SERVICES = ("imap", "watch", "smtp")
_TOLD_OF = ("imap", "smtp")


def resting_until(
    store: Store, desk: Desk, service: str, credential: Callable[[], str], now: datetime
) -> datetime | None:
    """Return until when the account is to be left alone, None if it may be tried now.

    Another password than the one refused may be tried at once. `credential` returns a keyed hash
    of what we log in with; it is asked only after a refusal, and may raise SecretError.
    """
    with store.read() as tx:
        row = tx.mailboxes.account(desk.mailbox_id, service)
    if row.next_attempt_at is None or row.next_attempt_at <= now:
        return None
    if row.refusals and row.credential != _asked(store, desk, service, credential, now):
        return None
    if not row.refusals and row.last_error_at is not None and row.last_error_at > now:
        return None  # the clock has been set back since, perhaps by days
    return row.next_attempt_at


def _asked(
    store: Store, desk: Desk, service: str, credential: Callable[[], str], now: datetime
) -> str:
    try:
        return credential()
    except OperatorError as error:
        # Else `status` would go on to tell of the password that was refused before.
        with store.begin() as tx:
            row = tx.mailboxes.account(desk.mailbox_id, service)
            row = replace(row, last_error=str(error), last_error_at=now)
            tx.mailboxes.save_account(desk.mailbox_id, service, row)
        raise


def begin_anew(store: Store, desk: Desk) -> None:
    """Forget why an account was left alone, but for refused passwords: whoever starts the daemon
    has mended something, and should not wait for what was wrong before.
    """
    with store.begin() as tx:
        for service in SERVICES:
            row = tx.mailboxes.account(desk.mailbox_id, service)
            if row.next_attempt_at is not None and not row.refusals:
                row = replace(row, next_attempt_at=None, failures=0)
                tx.mailboxes.save_account(desk.mailbox_id, service, row)


def note_success(store: Store, desk: Desk, service: str, now: datetime) -> None:
    """Note that the server has let us in: call it for nothing less, or it forgets refusals.
    Written at most every 30 s, but for the first one of a daemon: until then it has proven nothing.
    """
    with store.read() as tx:
        row = tx.mailboxes.account(desk.mailbox_id, service)
        began_at = in_force_since(tx, desk)
    recovered = has_stopped(row) or (_is_out(row) and service in _TOLD_OF)
    # By a clock that was ahead it may be in the future.
    fresh = row.last_success_at and abs(now - row.last_success_at) < _NOTE_SUCCESS_EVERY
    first = row.last_success_at and began_at and row.last_success_at < began_at <= now
    if fresh and not first and not row.failures and not row.refusals:
        return
    with store.begin() as tx:
        tx.mailboxes.save_account(
            desk.mailbox_id, service, AccountRow(0, 0, None, None, None, None, now)
        )
        if has_stopped(row):
            _let_others_try(tx, desk, service, row.credential)
        if recovered:
            tx.alerts.raise_alarm(_alarm("account.recovered", desk, service, "works again"), now)


def note_silence(
    store: Store, desk: Desk, poll_every: timedelta, watched_since: datetime, now: datetime
) -> None:
    """Tell it if the mailbox has not been read for an hour though nothing has failed: a call that
    never returns fails nowhere. Only the time counts in which somebody has watched.
    """
    with store.read() as tx:
        row = tx.mailboxes.account(desk.mailbox_id, "imap")
    if row.last_success_at is None or row.refusals or _is_out(row):
        return
    quiet_since = max(row.last_success_at, watched_since)
    if now - quiet_since <= max(_TELL_AFTER, 3 * poll_every):
        return
    why = row.last_error or "no answer, and no error either"
    with store.begin() as tx:
        failures = max(row.failures, _TELL_FAILURES)
        row = replace(row, failures=failures, last_error=why, last_error_at=now)
        tx.mailboxes.save_account(desk.mailbox_id, "imap", row)
        what = f"has not worked since {row.last_success_at:%Y-%m-%d %H:%M} UTC: {why}"
        tx.alerts.raise_alarm(_alarm("account.out", desk, "imap", what), now)


def note_failure(
    store: Store,
    desk: Desk,
    service: str,
    credential: Callable[[], str],
    error: MaildaemonError,
    now: datetime,
) -> datetime:
    """Note a failure, and return when the account may be tried again."""
    refused = None
    if isinstance(error, MailboxPasswordRefusedError | TransportPasswordRefusedError):
        # Before the transaction: it may be a command that takes its time.
        refused = credential()
    with store.begin() as tx:
        row = tx.mailboxes.account(desk.mailbox_id, service)
        stopped, out = has_stopped(row), _is_out(row)
        row = replace(row, last_error=str(error), last_error_at=now)
        match error:
            case MailboxPasswordRefusedError() | TransportPasswordRefusedError():
                refusals = row.refusals + 1 if row.credential in {None, refused} else 1
                wait = refusal_wait(refusals)
                # What was out of reach before has answered by now.
                row = replace(row, refusals=refusals, failures=0, credential=refused)
            case OperatorError():
                wait = _OPERATOR_WAIT
                row = replace(row, failures=0)  # what does not pass is no failure among others
            case _:
                wait = outage_wait(row.failures + 1)
                row = replace(row, failures=row.failures + 1)
        row = replace(row, next_attempt_at=now + wait)
        tx.mailboxes.save_account(desk.mailbox_id, service, row)
        if has_stopped(row) and not stopped and not _is_told(tx, desk, service, row, error):
            what = f"is left alone, because the login was refused: {error}"
            tx.alerts.raise_alarm(_alarm("account.stopped", desk, service, what), now)
        if _is_out(row) and not out and service in _TOLD_OF:
            what = f"has not worked since {row.last_success_at:%Y-%m-%d %H:%M} UTC: {error}"
            tx.alerts.raise_alarm(_alarm("account.out", desk, service, what), now)
    return now + wait


def _sharing(
    tx: Transaction, desk: Desk, service: str, credential: str | None
) -> Iterator[tuple[str, AccountRow]]:
    """Yield the other services that have stopped by the refusal of the same credential."""
    for other in SERVICES:
        row = tx.mailboxes.account(desk.mailbox_id, other)
        if other != service and has_stopped(row) and row.credential == credential:
            yield other, row


def _is_told(
    tx: Transaction, desk: Desk, service: str, row: AccountRow, error: MaildaemonError
) -> bool:
    """Tell whether people know of it: a sign-in ends for IMAP and SMTP at once, by one event."""
    ended = isinstance(error.__cause__, SignInRefusedError)
    return ended and any(_sharing(tx, desk, service, row.credential))


def _let_others_try(tx: Transaction, desk: Desk, service: str, credential: str | None) -> None:
    """Forget what the others were refused with the credential by which one is let in again."""
    for other, row in _sharing(tx, desk, service, credential):
        known_at = row.last_success_at
        anew = AccountRow(0, 0, None, None, None, None, known_at)
        tx.mailboxes.save_account(desk.mailbox_id, other, anew)


def _alarm(event: str, desk: Desk, service: str, what: str) -> Alarm:
    mailbox = desk.policy.mailbox
    text = f"{mailbox}: {service.upper()} {what}"
    return Alarm(event, mailbox, text, service, ends=event == "account.recovered")


def has_stopped(row: AccountRow) -> bool:
    """Tell whether the account is only probed now and then, because its password is refused."""
    return row.refusals >= STOP_AFTER_REFUSALS


def _is_out(row: AccountRow) -> bool:
    """Tell whether the account has been of no use for an hour, as far as we have tried. What only
    an operator can mend is counted nowhere, and is no passing outage.
    """
    if row.last_success_at is None or row.last_error_at is None or row.refusals:
        return False
    return lasts(row, _TELL_FAILURES) and row.last_error_at - row.last_success_at > _TELL_AFTER


def lasts(row: AccountRow, failures: int) -> bool:
    """Tell whether the trouble of an account has not passed by itself within so many failures, or
    is none that does.
    """
    return row.failures >= failures or not row.failures
