"""Tells that nothing can be written down: the disk is full, the database locked or gone.

What people are told of otherwise waits in the database, which is of no use here: this goes to the
people at once. Meanwhile mail is safe on the server, and none is sent.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from maildaemon.domain.brakes import ClockReading
from maildaemon.domain.leases import Daemon
from maildaemon.domain.room import ample_room, least_room
from maildaemon.errors import MaildaemonError, StoreUnavailableError
from maildaemon.ports.brakes import Alarm, Alert, AlertRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import log

# A database that is restarted, or backed up, is no outage.
_TELL_AFTER = 30.0
# For so long a locked database lets us wait for one answer.
_LONGEST_TRY = 20.0
_FILLING, _FULL = "disk_filling", "disk_full"
_ADVICE = "make room on the disk, or see that the database answers; the rest goes by itself"
_ROOM_SOON = "make room there before it is full"
_ROOM_ADVICE = "make room there; what is on the server is fetched then"


class Outage:
    """Whether what we write is kept; one for a process. Called by one thread at a time, but for
    `tell`: nothing of what is looked at waits until people are told.
    """

    def __init__(
        self,
        store: Store,
        alerts: Mapping[str, Alert],
        free: Callable[[], int],
        daemon: Daemon | None = None,
    ) -> None:
        """`alerts` are the paths by which people are told. `free` returns how many bytes are left
        where mail and records are kept; it may raise StoreUnavailableError. `daemon`: which of
        several on the database this is, each with a disk of its own; None: it is the only one.
        All is well as far as we know.
        """
        self._store, self._alerts, self._free = store, alerts, free
        self._disk = f":{daemon.home}" if daemon else ""
        self._where = f"where mail is kept ({daemon.place})" if daemon else "where mail is kept"
        self._since: ClockReading | None = None
        self._logged = False
        # Whether people know that the disk is full; None until that is looked up.
        self._short: bool | None = None
        # Whether people know that it is filling up ("told"), or that it is full ("known").
        self._filling: str | None = None
        # What is to be told, by whom it is known, and by whom it is just being told.
        self._mutex = threading.Lock()
        self._row: AlertRow | None = None
        self._told: set[str] = set()
        self._telling: set[str] = set()

    @property
    def is_suspected(self) -> bool:
        """Tell whether something could not be written, and nothing has been written since."""
        return self._since is not None

    def suspect(self, began: ClockReading, failed: ClockReading) -> None:
        """Note that something that was begun then could not be written."""
        if self._since is None:
            tried = min(failed.boot - began.boot, _LONGEST_TRY)
            self._since = ClockReading(failed.wall - timedelta(seconds=tried), failed.boot - tried)

    def lasts(self, error: MaildaemonError, clocks: ClockReading) -> None:
        """Note that nothing could be written, which is to be told once it is so for long; `suspect`
        came before.
        """
        if self._since is None or clocks.boot - self._since.boot < _TELL_AFTER:
            return
        since = f"{self._since.wall:%Y-%m-%d %H:%M} UTC"
        if not self._logged:
            self._logged = True
            log("store.out", logging.ERROR, since=since, error=str(error), advice=_ADVICE)
        text = f"nothing can be written since {since}: {error}. Mail stays on the server, and "
        text += f"none is sent. What to do: {_ADVICE}"
        row = AlertRow(0, "store.out", None, text, {"error": str(error)}, 1, clocks.wall, 0, 0)
        with self._mutex:
            self._row = row

    def tell(self, path: str) -> int:
        """Tell by this path, once, that nothing can be written, if it is so for long; return how
        often it was told (0 or 1). AlertFailedError if that was not possible: try again later.
        """
        with self._mutex:
            row = self._row
            if row is None or path in self._told:
                return 0
            self._telling.add(path)
        try:
            self._alerts[path].tell(row)
            with self._mutex:
                self._told.add(path)
        finally:
            with self._mutex:
                self._telling.discard(path)
        return 1

    def is_over(self, now: datetime) -> None:
        """Note that something was written; tell it if people know that nothing was."""
        with self._mutex:
            self._row = None
            telling = bool(self._telling)
        # Overtaken, the word that it is out would be the last one: the end waits for the next look.
        if self._logged and not telling:
            text = "what is to be kept is written again"
            with self._store.begin() as tx:
                tx.alerts.raise_alarm(Alarm("store.recovered", None, text, ends=True), now)
            log("store.recovered")
            self._logged = False
            self._told.clear()
        self._since = None

    def need_room(self, largest: int, now: datetime) -> None:
        """Raise StoreUnavailableError if there is not enough room for mail up to that size: what
        is left is for the records. People are told once, whatever restarts, and long before.
        """
        free, needed = self._free(), least_room(largest)
        self._tell_filling(free, needed, ample_room(largest), now)
        if self._short is None:
            with self._store.read() as tx:
                self._short = bool(tx.brakes.fact(_FULL + self._disk))
        if free >= needed:
            if self._short:
                text = f"there is room again {self._where}; new mail is fetched"
                self._raise("disk.recovered", text, now)
                log("disk.recovered", free=free)
            self._short = False
            return
        why = f"{free / 10**6:.0f} MB are free {self._where}, {needed / 10**6:.0f} are needed"
        if not self._short:
            text = f"new mail is not fetched: {why}. It stays on the server. What to do: "
            self._raise("disk.full", text + _ROOM_ADVICE, now)
            log("disk.full", logging.ERROR, why=why, advice=_ROOM_ADVICE)
        self._short = True
        raise StoreUnavailableError(why)

    def _tell_filling(self, free: int, needed: int, enough: int, now: datetime) -> None:
        """Tell once, whatever restarts, that there will soon be too little room, and when there is
        more by a tenth; not to those who have just heard that there is none.
        """
        if self._filling is None:
            with self._store.read() as tx:
                self._filling = tx.brakes.fact(_FILLING + self._disk) or ""
        before, about = self._filling, f"filling{self._disk}"
        if not before and free < enough:
            after = "told" if free >= needed else "known"
        elif before and free >= enough * 1.1:
            after = ""
        else:
            return
        text = f"{free / 10**6:.0f} MB are free {self._where}"
        with self._store.begin() as tx:
            tx.brakes.keep_fact(_FILLING + self._disk, after)
            if after == "told":
                text = f"the disk is filling up: {text}; below {needed / 10**6:.0f} MB no mail is "
                text += f"fetched. What to do: {_ROOM_SOON}"
                tx.alerts.raise_alarm(Alarm("disk.filling", None, text, about), now)
            elif before == "told":
                alarm = Alarm("disk.cleared", None, f"{text} again", about, ends=True)
                tx.alerts.raise_alarm(alarm, now)
        self._filling = after
        if after == "told":
            log("disk.filling", logging.WARNING, free=free, needed=needed, advice=_ROOM_SOON)

    def _raise(self, event: str, text: str, now: datetime) -> None:
        """Tell that the disk is full, or no more; whoever is started next knows of it."""
        ends = event == "disk.recovered"
        with self._store.begin() as tx:
            tx.brakes.keep_fact(_FULL + self._disk, "" if ends else "told")
            tx.alerts.raise_alarm(Alarm(event, None, text, self._disk, ends=ends), now)
