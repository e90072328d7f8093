"""The paths by which people are told: the operator's own command, a webhook, another mail server.

None of them may hold up the others, or take for ever: each has its time, then it has failed.
"""

import asyncio
import http.client
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from maildaemon.domain.delivery import Accepted, Deferred, Envelope, Note, Rejected
from maildaemon.domain.message import Address
from maildaemon.domain.tokens import issue_loop_token, issue_message_id
from maildaemon.errors import AlertFailedError, MaildaemonError
from maildaemon.mail.compose_note import compose_note
from maildaemon.ports import Transport
from maildaemon.ports.brakes import AlertRow

_SECONDS = 20
_SMTP_SECONDS = 45
_SUBJECT_AT_MOST = 120
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
        environment = {**os.environ, "MAILDAEMON_ALERT": json.dumps(_facts(alarm))}
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


class WebhookAlert:
    """`ports.brakes.Alert`: the words and the facts as one JSON object, by POST.

    The address is a secret: whoever has it can write there. So no error names more of it than the
    host, and no redirect is followed to anywhere else.
    """

    def __init__(
        self, url: Callable[[], str], seconds: float = _SECONDS, ca_file: str | None = None
    ) -> None:
        """`url` is asked whenever something is told, and may raise SecretError. `ca_file` is for
        tests: the certificates to trust in place of the system's.
        """
        self._url, self._seconds, self._ca_file = url, seconds, ca_file

    def tell(self, alarm: AlertRow) -> None:
        """Post it; AlertFailedError unless the answer is 2xx, within the time."""
        try:
            parts = _split(self._url())
        except MaildaemonError as error:
            raise AlertFailedError(str(error)) from error
        body = json.dumps({"text": alarm.text, **_facts(alarm)}).encode()
        try:
            status, reason = self._post(parts, body)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            why = "too slow" if isinstance(error, TimeoutError) else str(error) or repr(error)
            raise AlertFailedError(f"{parts.hostname}: {why}"[:_WORDS_AT_MOST]) from error
        if status // 100 != 2:  # noqa: PLR2004
            moved = "; redirects are not followed" if status // 100 == 3 else ""  # noqa: PLR2004
            raise AlertFailedError(f"{parts.hostname} answered {status} {reason}{moved}")

    def _post(self, parts: SplitResult, body: bytes) -> tuple[int, str]:
        connection = self._connection(parts)
        # What trickles in keeps every single time-out: in the end the line is cut.
        over = threading.Event()
        cutter = threading.Timer(self._seconds, _cut, (connection, over))
        cutter.daemon = True
        cutter.start()
        try:
            connection.request(
                "POST",
                f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}",
                body,
                {"Content-Type": "application/json", "User-Agent": "maildaemon"},
            )
            response = connection.getresponse()
            reason = "".join(c if c.isprintable() else " " for c in response.reason)
            return response.status, reason[:_WORDS_AT_MOST]
        except (OSError, http.client.HTTPException) as error:
            if over.is_set():
                raise TimeoutError from error
            raise
        finally:
            cutter.cancel()
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, wait = str(parts.hostname), self._seconds / 2
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=wait)
        context = ssl.create_default_context(cafile=self._ca_file)
        return http.client.HTTPSConnection(host, parts.port, timeout=wait, context=context)


def _cut(connection: http.client.HTTPConnection, over: threading.Event) -> None:
    over.set()
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises what is wrong with it
    except ValueError as error:
        raise AlertFailedError("`alerts.webhook` is no web address") from error
    if not parts.hostname or parts.scheme not in {"https", "http"} or "@" in parts.netloc:
        raise AlertFailedError("`alerts.webhook` must be a web address such as https://host/path")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise AlertFailedError("`alerts.webhook` must begin with https: everybody could read it")
    if any(not c.isascii() or not c.isprintable() or c == " " for c in url):
        raise AlertFailedError("`alerts.webhook` holds characters that no web address has")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class MailAlert:
    """`ports.brakes.Alert`: a mail to one person, through a server of its own."""

    def __init__(
        self,
        transport: Callable[[], Transport],
        sender: str,
        recipient: str,
        key: bytes,
        seconds: float = _SMTP_SECONDS,
    ) -> None:
        """`transport` makes a new connection each time. By `key` it is known for ours if it ends
        up in a mailbox that we read.
        """
        self._transport, self._key, self._seconds = transport, key, seconds
        self._sender, self._recipient = sender, recipient

    def tell(self, alarm: AlertRow) -> None:
        """Send it; AlertFailedError unless the server took it, within the time."""
        try:
            asyncio.run(asyncio.wait_for(self._send(self._write(alarm)), self._seconds))
        except TimeoutError as error:
            raise AlertFailedError(f"SMTP took longer than {self._seconds:g} s") from error
        except MaildaemonError as error:
            raise AlertFailedError(str(error)) from error

    async def _send(self, raw: bytes) -> None:
        transport = self._transport()

        async def before_dot() -> None:
            """Twice is better than never: nothing is to be noted here."""

        try:
            await transport.open()
            envelope = Envelope(self._sender, self._recipient)
            outcome = await transport.send(envelope, raw, before_dot)
        finally:
            await transport.close()
        match outcome:
            case Accepted():
                return
            case Deferred(reply) | Rejected(reply):
                raise AlertFailedError(f"SMTP: {reply.code} {reply.text}")
            case _:
                raise AlertFailedError(f"SMTP: {outcome.reason}")

    def _write(self, alarm: AlertRow) -> bytes:
        # Told twice after a death, it is the same mail, and many mailboxes show it once.
        cause = f"alert:{alarm.event}:{alarm.mailbox}:{alarm.at.isoformat()}:{self._recipient}"
        sender = Address("maildaemon", self._sender)
        often = f"This has happened {alarm.count} times since it was last told.\n\n"
        text = f"{alarm.text}\n\n{often if alarm.count > 1 else ''}"
        text += f"{alarm.event}, {alarm.at:%Y-%m-%d %H:%M} UTC\n"
        return compose_note(
            Note(
                message_id=issue_message_id(self._key, cause, sender.domain),
                date=alarm.at.replace(microsecond=0),
                sender=sender,
                recipient=Address("", self._recipient),
                subject=f"[maildaemon] {alarm.text}"[:_SUBJECT_AT_MOST],
                text=text,
                loop_token=issue_loop_token(self._key, cause),
                # RFC 3834 §5: it answers nobody.
                auto_submitted="auto-generated",
            )
        )


def _facts(alarm: AlertRow) -> dict[str, object]:
    return {
        "event": alarm.event,
        "mailbox": alarm.mailbox,
        "at": alarm.at.isoformat(timespec="seconds"),
        "count": alarm.count,
        "over": alarm.ends,
        **alarm.facts,
    }
