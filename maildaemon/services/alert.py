"""Tells people what they must know at once, by the operator's own command."""

import logging
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


def tell_next(store: Store, alert: Alert | None, now: Now) -> int:
    """Tell the oldest alarm that is due; return how many were tried (0 or 1).

    None is lost by a death: it is due again when its claim ends, and may then be told twice.
    Without a command (`alert` None) nobody wants to be told: the log and `status` say it.
    """
    with store.begin() as tx:
        row = tx.alerts.claim_alert(now(), now() + CLAIM)
    if row is None:
        return 0
    try:
        if alert is not None:
            alert.tell(row)
    except AlertFailedError as error:
        _failed(store, row, error, now)
        return 1
    # It may have been raised again meanwhile, with newer words: then it stays due.
    with suppress(StaleClaimError), store.begin() as tx:
        tx.alerts.conclude_alert(row, "given_up" if alert is None else "told", now())
    if alert is not None:
        log("alert.told", alert=row.alert_id, about=row.event, mailbox=row.mailbox)
    return 1


def _failed(store: Store, row: AlertRow, error: AlertFailedError, now: Now) -> None:
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
        about=row.event,
        mailbox=row.mailbox,
        error=str(error),
        retry_in=None if given_up else f"{wait.total_seconds():.0f}s",
        advice="see that the command of `alerts.command` ends with 0 within 20 s",
    )
