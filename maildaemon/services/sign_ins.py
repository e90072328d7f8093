"""Looks after sign-ins by OAuth2: keeps them alive, and tells in time when one ends for good."""

from contextlib import suppress
from datetime import datetime

from maildaemon.domain.grants import Grant, is_to_be_told
from maildaemon.errors import OperatorError, TemporaryError
from maildaemon.ports import SignIn
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk


def look_after(store: Store, sign_in: SignIn, desk: Desk, now: datetime) -> None:
    """Renew the token if it is due, although nobody logs in with it for weeks: what is not used
    the provider forgets. Told is the end of a sign-in that no use puts off, once a day; what else
    is wrong with it, whoever logs in meets as well.
    """
    with suppress(TemporaryError, OperatorError):
        sign_in.token()
    with suppress(OperatorError):
        grant = sign_in.grant()
        if grant is not None and is_to_be_told(grant, now):
            _tell(store, sign_in.username, grant, desk, now)


def _tell(store: Store, username: str, grant: Grant, desk: Desk, now: datetime) -> None:
    mailbox, told = desk.policy.mailbox, f"{now:%Y-%m-%d} {grant.grant_id}"
    fact = f"login.ending {mailbox} {grant.grant_id}"
    with store.begin() as tx:
        if tx.brakes.fact(fact) == told:
            return
        tx.brakes.keep_fact(fact, told)
        text = (
            f"{mailbox}: the sign-in of {username} ends on {grant.ends_at:%Y-%m-%d %H:%M} UTC; "
            f"sign in again before that: maildaemon auth {mailbox}"
        )
        tx.alerts.raise_alarm(Alarm("login.ending", mailbox, text, username), now)
