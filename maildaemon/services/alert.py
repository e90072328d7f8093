"""Tells people what they must know at once, by each path they gave, each for itself."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from maildaemon.domain.waiting import mail_wait
from maildaemon.errors import AlertFailedError, StaleClaimError
from maildaemon.ports import Now
from maildaemon.ports.brakes import Alert, AlertRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import log

CLAIM = timedelta(minutes=2)
_WORTH_TELLING_FOR = timedelta(days=1)


def spread_next(store: Store, paths: Mapping[str, Alert], now: Now) -> int:
    """Hand what was raised to every path; return 0, for nobody is told yet.

    Without a path nobody wants to be told: the log and `status` say it.
    """
    with store.begin() as tx:
        tx.alerts.spread_alarms(tuple(paths), now())
    return 0


def tell_next(store: Store, paths: Mapping[str, Alert], path: str, now: Now) -> int:
    """Tell the oldest alarm that is due on this path; return how many were tried (0 or 1).

    None is lost by a death: it is due again when its claim ends, and may then be told twice.
    """
    with store.begin() as tx:
        tx.alerts.spread_alarms(tuple(paths), now())
        row = tx.alerts.claim_alert(path, now(), now() + CLAIM)
    if row is None:
        return 0
    try:
        paths[path].tell(row)
    except AlertFailedError as error:
        _failed(store, row, path, error, now)
        return 1
    # It may have been raised again meanwhile, with newer words: then it stays due.
    with suppress(StaleClaimError), store.begin() as tx:
        tx.alerts.conclude_alert(row, "told", now())
    log("alert.told", alert=row.alert_id, path=path, about=row.event, mailbox=row.mailbox)
    return 1


def _failed(store: Store, row: AlertRow, path: str, error: AlertFailedError, now: Now) -> None:
    given_up = now() - row.at > _WORTH_TELLING_FOR
    wait = mail_wait(row.failures + 1)
    with suppress(StaleClaimError), store.begin() as tx:
        if given_up:
            tx.alerts.conclude_alert(row, "given_up", now())
        else:
            tx.alerts.retry_alert(row, now() + wait)
    log(
        "alert.given_up" if given_up else "alert.failed",
        logging.ERROR,
        alert=row.alert_id,
        path=path,
        about=row.event,
        mailbox=row.mailbox,
        error=str(error),
        retry_in=None if given_up else f"{wait.total_seconds():.0f}s",
        advice="mend `alerts` until `maildaemon check --alert` succeeds",
    )
