"""How long to wait before the next attempt. Jitter is added by the loop: nothing here is random."""

from datetime import datetime, timedelta

from maildaemon.domain.delivery import Section

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)

# RFC 5321 §4.5.4.1: a retry is delayed, quick at first, then every few hours.
_MAIL = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 3 * _HOUR)
# A gap is tried for a day before somebody is told, and then still each day.
_GAP = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 24 * _HOUR)
_PROCESS = (timedelta(seconds=10), _MINUTE, 5 * _MINUTE)
_SETTLE = (_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR)
# Accounts and whole addresses get locked by stubborn programs: six attempts on the first day.
_REFUSED = (timedelta(seconds=30), _MINUTE, 15 * _MINUTE, _HOUR, 6 * _HOUR, 24 * _HOUR)
_LONGEST_OUTAGE_WAIT = 5 * _MINUTE
_HELD_AT_MOST = _HOUR

STOP_AFTER_REFUSALS = 3
PARK_AFTER_FAILURES = 3
GIVE_UP_SETTLING_AFTER = 8
# So long a message that was taken to be processed is nobody else's.
PROCESS_CLAIM = 5 * _MINUTE
ALARM_GAP_AFTER = timedelta(hours=24)
WITNESS_WITHIN = 15 * _MINUTE
OTHER_MODE_WAIT = 5 * _MINUTE  # what was queued in another mode; that one may come back
RETRIED_MAIL_LIVES = timedelta(hours=24)
_ACKNOWLEDGEMENT_LIVES = timedelta(hours=24)
_MAIL_LIVES = timedelta(days=5)

# What waits for longer, of what is to be processed, sent, and filed, was put off by a clock that
# was ahead; a fifth more, for the jitter.
LONGEST_WAITS = (
    max(*_PROCESS, 5 * _MINUTE) * 1.2,
    max(_MAIL) * 1.2,
    max(_SETTLE) * 1.2,
)


def mail_wait(failures: int) -> timedelta:
    """Return the wait after this many failed attempts (from 1) to send one mail."""
    return _step(_MAIL, failures)


def mail_lives(sections: tuple[Section, ...]) -> timedelta:
    """Return for how long a mail is worth sending: a late acknowledgement is worse than none."""
    return _ACKNOWLEDGEMENT_LIVES if Section.ACKNOWLEDGEMENT in sections else _MAIL_LIVES


def names_until(date: datetime | None, expires_at: datetime) -> datetime:
    """Return until when a mail may go that promises an answer by a date (None: by none): nobody is
    promised what is over.
    """
    return expires_at if date is None else min(date, expires_at)


def next_gap_attempt(attempts: int, seen_at: datetime, now: datetime) -> datetime:
    """Return when to ask again for what the server withholds, after this many attempts (from 1).

    One attempt falls on the moment from which on somebody is told.
    """
    alarm_at = seen_at + ALARM_GAP_AFTER
    next_at = now + _step(_GAP, attempts)
    return alarm_at if now < alarm_at < next_at else next_at


def process_wait(failures: int) -> timedelta:
    """Return the wait after this many failures (from 1) of processing one message."""
    return _step(_PROCESS, failures)


def is_deadly(failures: int, starts: int) -> bool:
    """Tell whether a message is to blame for the deaths of so many processes that worked on it
    alone. It is not if far more were started within the hour: they died of something else as well.
    """
    # Besides those: the one that died with a whole batch, and the present one.
    return failures >= PARK_AFTER_FAILURES and starts <= failures + 2


def file_copy_at(server_files_sent: bool | None, now: datetime) -> datetime:
    """Return from when on a copy of a sent mail may be filed: while we do not know whether the
    server does it (None), it gets a minute.
    """
    return now + _MINUTE if server_files_sent is None else now


def waits_for_sent(
    recorded_at: datetime | None, sent_read_until: datetime | None, due_at: datetime, now: datetime
) -> bool:
    """Tell whether a mail must wait until Sent has been read: a person may have answered before
    its cause was recorded (None: it has none). It waits for an hour at most, and not at all where
    there is no folder for sent mail (`sent_read_until` None).
    """
    if recorded_at is None or sent_read_until is None:
        return False
    return sent_read_until < recorded_at and now - due_at <= _HELD_AT_MOST


def settle_wait(failures: int) -> timedelta:
    """Return the wait after this many failures (from 1) to file a copy."""
    return _step(_SETTLE, failures)


def refusal_wait(refusals: int) -> timedelta:
    """Return the wait after this many refused passwords in a row (from 1)."""
    return _step(_REFUSED, refusals)


def outage_wait(failures: int) -> timedelta:
    """Return the wait after this many failed attempts in a row (from 1) to reach a server."""
    doubled = timedelta(seconds=1 << min(max(failures, 1) - 1, 10))
    return min(doubled, _LONGEST_OUTAGE_WAIT)


def gap_is_alarming(seen_at: datetime, now: datetime) -> bool:
    """Tell whether a message has been withheld for so long that somebody must be told."""
    return now - seen_at >= ALARM_GAP_AFTER


def _step(steps: tuple[timedelta, ...], count: int) -> timedelta:
    return steps[min(max(count, 1), len(steps)) - 1]
