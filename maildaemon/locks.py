"""What a process holds while it works: its data folder, and the leases of its mailboxes."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from maildaemon.adapters.clock import seconds_since_boot, utc_now
from maildaemon.adapters.installation import make_folder_of, only_one, only_one_with
from maildaemon.adapters.sql.reading import sqlite_path
from maildaemon.adapters.sql.servers import hold_by, lock_name, working_on
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.services.lease import Holder
from maildaemon.settings import Settings


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold what daemons would hold, against all of them; raises like `only_one`."""
    _make_folder(settings)
    with only_one(settings.service.data_dir), working_on(settings.database.url, alone=True):
        yield


def _make_folder(settings: Settings) -> None:
    """The data folder lies beside the database if nothing else is said: of that is told first."""
    if file := sqlite_path(settings.database.url):
        make_folder_of(file)


class Locks:
    """What this process holds against every other: a data folder, and on the database of a server
    the leases of its mailboxes; two of each if it moves.

    A lock ends when it is let go, when the block is left, and with the process.
    """

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._held: dict[Path | str, ExitStack] = {}
        self._holders: dict[str, _Holding] = {}

    def __enter__(self) -> Self:
        """Let go of everything at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything, of the mailboxes first."""
        for holding in self._holders.values():
            holding.close()
        self._holders.clear()
        for lock in self._held.values():
            lock.close()
        self._held.clear()

    def take(self, settings: Settings) -> None:
        """Hold what these settings need besides what is held; raises like `only_one`."""
        _make_folder(settings)
        for name, lock in _locks(settings).items():
            if name not in self._held:
                with ExitStack() as taken:
                    taken.enter_context(lock)
                    self._held[name] = taken.pop_all()

    def keep_only(self, settings: Settings) -> None:
        """Let go of what these settings do not need."""
        needed = _locks(settings)
        for name in [one for one in self._held if one not in needed]:
            self._held.pop(name).close()
        hold_by(settings.database.url)
        for name in [one for one in self._holders if one != lock_name(settings.database.url)]:
            self._holders.pop(name).close()
        if holding := self._holders.get(lock_name(settings.database.url)):
            holding.move(settings.database.url)

    def holder(self, settings: Settings) -> Holder | None:
        """Return what holds the mailboxes against other daemons of this database; None on SQLite,
        which knows no others. It holds nothing yet, or what the daemon before held.
        """
        url = settings.database.url
        if sqlite_path(url) is not None:
            return None
        holding = self._holders.setdefault(lock_name(url), _Holding(url))
        return holding.holder


class _Holding:
    """The leases of a database, with connections of their own: nobody's work keeps them waiting."""

    def __init__(self, url: str) -> None:
        self._url, self._store = url, SqlStore(url)
        daemon_id = secrets.token_hex(16)
        self.holder = Holder(self._store, daemon_id, seconds_since_boot, utc_now)

    def move(self, url: str) -> None:
        """Reach the same database by this URL: its password may have changed."""
        if url != self._url:
            before, self._url, self._store = self._store, url, SqlStore(url)
            self.holder.move(self._store)
            before.close()

    def close(self) -> None:
        self.holder.close()
        self._store.close()


def _locks(settings: Settings) -> dict[Path | str, AbstractContextManager[None]]:
    folder, url = settings.service.data_dir.resolve(), settings.database.url
    file = sqlite_path(url)
    database = working_on(url) if file is None else only_one_with(file)
    return {folder: only_one(folder), lock_name(url): database}
