"""The operator's own command, which tells people: a pager, a chat, another mail server."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence

from maildaemon.errors import AlertFailedError
from maildaemon.ports.brakes import AlertRow

_SECONDS = 20
_WORDS_AT_MOST = 200


class CommandAlert:
    """`ports.brakes.Alert`: the text on standard input, the facts as JSON in MAILDAEMON_ALERT."""

    def __init__(self, command: Sequence[str], seconds: float = _SECONDS) -> None:
        """`command` is a program and its arguments: there is no shell."""
        self._command = list(command)
        self._seconds = seconds

    def tell(self, alarm: AlertRow) -> None:
        """Run the command to its end; AlertFailedError if it takes too long or does not end
        with 0. What it started itself ends with it.
        """
        environment = {**os.environ, "MAILDAEMON_ALERT": _facts(alarm)}
        try:
            process = subprocess.Popen(  # noqa: S603  the operator's own, and no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            why = error.strerror or str(error)
            raise AlertFailedError(f"{self._command[0]} cannot be started: {why}") from error
        with process:
            try:
                _, complaint = process.communicate(f"{alarm.text}\n".encode(), self._seconds)
            except subprocess.TimeoutExpired as error:
                os.killpg(process.pid, signal.SIGKILL)
                raise AlertFailedError(
                    f"{self._command[0]} did not end within {self._seconds:g} s"
                ) from error
        if process.returncode:
            words = " ".join(complaint.decode("utf-8", "replace").split())[:_WORDS_AT_MOST]
            raise AlertFailedError(
                f"{self._command[0]} ended with {process.returncode}" + (words and f": {words}")
            )


def _facts(alarm: AlertRow) -> str:
    return json.dumps(
        {
            "event": alarm.event,
            "mailbox": alarm.mailbox,
            "at": alarm.at.isoformat(timespec="seconds"),
            "count": alarm.count,
            **alarm.facts,
        }
    )
