"""What `service.http` answers: health for programs, metrics for Prometheus, a page for people.

All of it is read from the records, at most every few seconds however often it is asked for; only
how long parsing takes stands in none.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from maildaemon.adapters.http import Answer
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.worker import ParseTimes
from maildaemon.cli.metrics import METRICS_TYPE, render_metrics
from maildaemon.cli.status_page import STYLE_SOURCE, render_page
from maildaemon.cli.watched import Watched, read_watched
from maildaemon.errors import MaildaemonError
from maildaemon.ports import Now
from maildaemon.services.desk import log
from maildaemon.services.loop import attempt
from maildaemon.settings import Settings

_FRESH = timedelta(seconds=5)
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json; charset=utf-8"


class Site:
    """Answers for one configuration."""

    def __init__(
        self,
        settings: Settings,
        store: SqlStore,
        veil: Callable[[str], str],
        now: Now,
        parse_times: Callable[[], ParseTimes],
    ) -> None:
        """`veil` hides in a text what the log would hide; `parse_times` are this daemon's."""
        self._parse_times = parse_times
        self._settings, self._store, self._veil, self._now = settings, store, veil, now
        self._one_at_a_time = asyncio.Lock()
        self._known: tuple[datetime, tuple[Watched, ...] | str] | None = None

    async def answer(self, path: str) -> Answer:
        """Return what stands at a path."""
        if path not in {"/", "/healthz", "/metrics"}:
            return Answer(404, _TEXT, "there is nothing here; see / /healthz /metrics\n")
        at, found = await self._find()
        if isinstance(found, str):
            if path == "/healthz":
                return Answer(503, _JSON, json.dumps({"well": False, "why": found}) + "\n")
            return Answer(503, _TEXT, f"the records cannot be read: {found}\n")
        if path == "/metrics":
            return Answer(200, METRICS_TYPE, render_metrics(found, self._parse_times(), at))
        if path == "/healthz":
            return _health(found)
        page = render_page(found, at, self._settings.hours.timezone)
        return Answer(200, "text/html; charset=utf-8", page, STYLE_SOURCE)

    async def _find(self) -> tuple[datetime, tuple[Watched, ...] | str]:
        async with self._one_at_a_time:
            now = self._now()
            if self._known is None or not timedelta(0) <= now - self._known[0] < _FRESH:
                self._known = now, await asyncio.to_thread(self._look, now)
            return self._known

    def _look(self, now: datetime) -> tuple[Watched, ...] | str:
        found = attempt(lambda: read_watched(self._settings, self._store, self._veil, now))
        if not isinstance(found, Exception):
            return found
        if not isinstance(found, MaildaemonError):
            log("http.failed", logging.CRITICAL, problem=repr(found), failure=found)
        return self._veil(str(found))


def _health(found: tuple[Watched, ...]) -> Answer:
    mailboxes = [
        {
            "mailbox": one.mailbox,
            "well": one.well,
            "troubles": [
                {"severity": each.severity.value, "what": each.what} for each in one.troubles
            ],
        }
        for one in found
    ]
    well = all(one.well for one in found)
    body = json.dumps({"well": well, "mailboxes": mailboxes}) + "\n"
    return Answer(200 if well else 503, _JSON, body)
