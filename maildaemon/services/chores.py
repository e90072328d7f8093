"""What a daemon does that belongs to no mailbox; of several on one database, one does it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from secrets import token_hex

from maildaemon.ports.store import Store
from maildaemon.services.alert import spread_next, tell_next
from maildaemon.services.crew import Works
from maildaemon.services.desk import Desk
from maildaemon.services.forget import drop_fetched, scrub_next
from maildaemon.services.lease import Lease
from maildaemon.services.probe import drop_probes
from maildaemon.services.prune import drop_orphans, drop_unfinished, prune_next
from maildaemon.services.removal import remove_noted
from maildaemon.services.retain import drop_unheld, retain_next
from maildaemon.services.seal import seal_next

# They are woken when there is something to tell; should that ever fail, they look by themselves.
_TELL_EVERY = timedelta(minutes=5)
_SEAL_EVERY = timedelta(seconds=10)
_PRUNE_EVERY = timedelta(hours=6)
_salt = partial(token_hex, 16)


@dataclass(frozen=True, slots=True)
class Chore:
    """A step with the name of its loop, and how often it is looked at."""

    name: str
    step: Callable[[], Awaitable[int]]
    every: timedelta


class Chores:
    """The steps; `lease` None: no other process works on the database."""

    def __init__(self, works: Works, lease: Lease | None, desks: Sequence[Desk]) -> None:
        """Nothing is done yet."""
        self._works, self._lease, self._desks = works, lease, desks

    @property
    def are_ours(self) -> bool:
        """Tell whether what belongs to no mailbox is ours to do."""
        return self._lease is None or self._lease.is_held

    def telling(self) -> tuple[Chore, ...]:
        """Return what tells alarms. Every path has a loop of its own: none waits for another."""
        return (
            Chore("alert", self._spread, _TELL_EVERY),
            *(
                Chore(f"alert.{path}", partial(self._tell, path), _TELL_EVERY)
                for path in self._works.alerts
            ),
        )

    def all(self) -> tuple[Chore, ...]:
        """Return each step."""
        return (
            *self.telling(),
            Chore("prune", self._prune, _PRUNE_EVERY),
            Chore("seal", self._seal, _SEAL_EVERY),
        )

    async def tell_all(self) -> None:
        """Seal what was noted, and tell what is due, by every path."""
        while await self._seal():
            pass
        await self._spread()
        for path in self._works.alerts:
            while await self._tell(path):
                pass

    def _store(self) -> Store:
        return self._works.fenced(self._lease)

    async def _spread(self) -> int:
        works = self._works
        if not self.are_ours:
            return 0
        return await asyncio.to_thread(spread_next, self._store(), works.alerts, works.now)

    async def _tell(self, path: str) -> int:
        works = self._works
        if not self.are_ours:
            return 0
        return await asyncio.to_thread(tell_next, self._store(), works.alerts, path, works.now)

    async def _seal(self) -> int:
        if not self.are_ours:
            return 0
        return await asyncio.to_thread(seal_next, self._store(), self._works.places.key, _salt)

    async def _prune(self) -> int:
        works = self._works
        count = 0
        if self.are_ours:
            count = await asyncio.to_thread(prune_next, self._store(), works.files, works.now)
            for desk in self._desks:
                places = self._store(), works.blobs, works.files, desk, works.now
                count += await asyncio.to_thread(retain_next, *places)
                count += await asyncio.to_thread(drop_probes, *places)
        # In its own data folder each cleans up by itself.
        if not count:
            await asyncio.to_thread(drop_orphans, works.store, works.files, works.now)
            await asyncio.to_thread(drop_unheld, works.store, works.blobs, self._desks, works.now)
            await asyncio.to_thread(self._clear)
        return count

    def _clear(self) -> None:
        """Remove what was let go of from disk, and from the files of the database."""
        works = self._works
        for blobs in (works.blobs, works.files):
            drop_unfinished(blobs, works.now)
        drop_fetched(works.store)
        remove_noted(works.store, works.blobs, works.files, works.now())
        if self.are_ours:
            scrub_next(works.places, works.now)
