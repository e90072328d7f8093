"""The part of `maildaemon check` that asks whether people would be told."""

import secrets
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from maildaemon.errors import AlertFailedError, OperatorError
from maildaemon.ports.brakes import AlertRow
from maildaemon.services.check import Finding, Result, failed

if TYPE_CHECKING:
    from maildaemon.settings import Settings

_WORDS = (
    "this is only a test by `maildaemon check --alert`: nothing is wrong, nothing is to be done"
)


def check_alerts(settings: "Settings", *, alarm: bool) -> Iterator[Finding]:
    """See whether each path can be used; `alarm`: by telling something, for nothing less shows it.

    Without it nothing is told: whoever is on call would be woken by every check.
    """
    if alarm:
        yield from _tell_all(settings)
        return
    alerts = settings.alerts
    if alerts.command:
        yield _command(alerts.command[0])
    if alerts.webhook:
        yield Finding("alerts", Result.OK, "alerts: a webhook is told")
    if alerts.smtp:
        to = ", ".join(alerts.smtp.to)
        yield Finding("alerts", Result.OK, f"alerts: {alerts.smtp.host} sends mail to {to}")


def _command(program: str) -> Finding:
    if shutil.which(program):
        return Finding("alerts", Result.OK, f"alerts: {program} is told")
    error = OperatorError(
        "no program that this user can run: nobody would be told of a brake",
        where=f"alerts.command: {program}",
        advice="name it with its whole path, and make it executable",
    )
    return failed("alerts", error)


def _tell_all(settings: "Settings") -> Iterator[Finding]:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.installation import has_key, read_key
    from maildaemon.bootstrap import make_alerts

    data_dir = settings.service.data_dir
    # Nothing is made here, and before the first start nothing of ours needs to be known again.
    key = read_key(data_dir) if has_key(data_dir) else secrets.token_bytes(32)
    paths = make_alerts(settings, key)
    if not paths:
        what = "alerts: nobody is told when something is wrong"
        advice = "give `alerts` a `command`, a `webhook` or an `smtp` account"
        yield Finding("alerts", Result.WARNING, what, advice)
    alarm = AlertRow(0, "alert.tested", None, _WORDS, {}, 1, utc_now(), 0, 0)
    for name, path in paths.items():
        try:
            path.tell(alarm)
        except AlertFailedError as error:
            advice = "mend it there or in `alerts`, and try again"
            told = f"alerts: {name}: {error}"
            yield Finding("alerts", Result.FAILED, told, advice, error=error)
        else:
            yield Finding("alerts", Result.OK, f"alerts: {name} was told; did it reach you?")
