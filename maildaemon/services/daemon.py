"""Runs the loops of all mailboxes side by side, and ends them in order.

Nothing is handed from loop to loop in memory but a wake-up; any loop can be left out.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial

from maildaemon import __version__
from maildaemon.domain.in_force import InForce
from maildaemon.domain.leases import SHARED
from maildaemon.errors import AlertFailedError, StoreUnavailableError
from maildaemon.ports.due import Queue
from maildaemon.services.accounts import begin_anew
from maildaemon.services.chores import Chores
from maildaemon.services.crew import Crew, Shortfall, Step, Works
from maildaemon.services.desk import Desk, log, mailbox_and_mode
from maildaemon.services.digest import Watched, digest_next
from maildaemon.services.forget import forget_or_tell
from maildaemon.services.guard import Guard
from maildaemon.services.in_force import note_in_force, note_refusal
from maildaemon.services.lease import held_by_another
from maildaemon.services.loop import Loop, Rest
from maildaemon.services.outage import Outage
from maildaemon.services.plan import put_in_force
from maildaemon.services.steps import Steps

_LOOK_EVERY = timedelta(seconds=2)
# Staff see by keywords how a conversation stands, and steer by folders that are made for it; no
# queue tells of either.
_SHOW_EVERY = timedelta(seconds=10)
# Whoever is woken when there is something to do looks by himself as well, should that ever fail.
_BY_ITSELF = timedelta(minutes=5)
_WATCH_RETRY = timedelta(seconds=30)
_TICK = timedelta(seconds=10)
_PROBE_EVERY = timedelta(seconds=30)
_DIGEST_EVERY = timedelta(seconds=30)
_AUDIT_EVERY = timedelta(minutes=10)
# Nothing that it tells of is a matter of minutes.
_LOOK_OUT_EVERY = timedelta(minutes=2)
_ASLEEP = 60.0
_END_WITHIN = timedelta(seconds=12)
# Longer than a look at a database that is away may take, and what is waited for after it.
_COMES_ROUND_WITHIN = 900.0
# For what is no loop: a page that is shown, a configuration that is read.
_MORE_THREADS = 8


def _always() -> bool:
    return True


class Daemon:
    """All loops of one process."""

    def __init__(self, works: Works, crews: tuple[Crew, ...], only: frozenset[Step]) -> None:
        """Prepare the loops; nothing runs before `run` or `run_once`."""
        self._works = works
        self._crews = crews
        self._only = only or frozenset(Step)
        self._stopping = asyncio.Event()
        self._ticked_at = self._came_round_at = works.boot()
        one_of_several = works.shared.daemon if works.shared else None
        self._outage = Outage(works.store, works.alerts, works.free, one_of_several)
        self._guard = Guard(
            works.store,
            works.pulse,
            works.now,
            works.boot,
            [crew.desk for crew in crews if not crew.only_sent],
            reads=Step.RECEIVE in self._only,
            holds=self._holds,
            outage=self._outage,
        )
        self._loops: dict[tuple[int, str], Loop] = {}
        self._steps = Steps(works, crews, self._guard, self._wake, self._stopping)
        self._shared = works.shared.holder.lease(SHARED) if works.shared else None
        self._chores = Chores(works, self._shared, [crew.desk for crew in crews])
        # With which mailboxes it has begun, and by which fence.
        self._begun: dict[int, int | None] = {}
        self._beginning = asyncio.Lock()

    @property
    def mailboxes(self) -> str:
        """Return what it looks after, in words."""
        return ", ".join(mailbox_and_mode(crew.desk.policy) for crew in self._crews)

    @property
    def doing(self) -> str:
        """Return what it does by now, in words: a mailbox is watched once it has been read."""
        if Step.RECEIVE not in self._only:
            return f"does {', '.join(sorted(self._only))} for {self.mailboxes}"
        parts = []
        for word in ("watches", "has yet to read", "stands by for"):
            found = [one for one in self._crews if self._doing_with(one) == word]
            if found:
                names = (mailbox_and_mode(one.desk.policy) for one in found)
                parts.append(f"{word} {', '.join(names)}")
        return "; ".join(parts)

    def _doing_with(self, crew: Crew) -> str:
        if not crew.is_ours:
            return "stands by for"
        return "watches" if self._steps.has_read(crew) else "has yet to read"

    def _holds(self, desk: Desk) -> bool:
        return all(one.is_ours for one in self._crews if one.desk is desk)

    def stop(self) -> None:
        """End in order, within seconds: what is under way is finished or provably undone."""
        if self._stopping.is_set():
            return
        log("daemon.stopping")
        self._stopping.set()
        for crew in self._crews:
            for mailbox in crew.mailboxes:
                mailbox.interrupt()

    async def run(self) -> None:
        """Run until `stop` is called."""
        for crew in self._crews:
            self._set_up(crew)
        self._add_for_all("guard", self._look_around, _TICK)
        self._add_for_all("queues", self._look_at_queues, _LOOK_EVERY)
        for chore in self._chores.all():
            self._add_for_all(chore.name, chore.step, chore.every)
        for path in self._works.alerts:
            self._add_for_all(f"outage.{path}", partial(self._tell_outage, path), _TICK)
        if Step.FIRE in self._only:
            self._add_for_all("digest", self._write_digest, _DIGEST_EVERY)
        # Each loop may wait for a server, and none for another loop.
        threads = ThreadPoolExecutor(len(self._loops) + _MORE_THREADS, "maildaemon")
        asyncio.get_running_loop().set_default_executor(threads)
        self._ticked_at = self._came_round_at = self._works.boot()
        self._works.ticker.every(_TICK, self._notice_sleep)
        self._works.ticker.every(_TICK, self._say_alive)
        tasks = [asyncio.create_task(loop.run(), name=loop.name) for loop in self._loops.values()]
        await self._share()
        self._works.ticker.start()
        self._say_alive()
        log("daemon.started", mailboxes=self.mailboxes, steps=",".join(sorted(self._only)))
        await self._stopping.wait()
        self._works.ticker.stop()
        # The server may still owe us the reply to a final dot: a moment for it saves a doubt.
        _, late = await asyncio.wait(tasks, timeout=_END_WITHIN.total_seconds())
        if late:
            # A thread cannot be cancelled: a batch that is being parsed gives back what is left.
            await asyncio.to_thread(self._works.parser.close)
        for task in late:
            log("loop.cancelled", logging.WARNING, loop=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.close()
        if self._works.shared is not None:
            self._works.shared.holder.listen_no_more()
        # The loop may run another daemon after this one, with threads of its own.
        threads.shutdown(wait=False)
        log("daemon.stopped")

    async def _share(self) -> None:
        """Hold from now on what no other daemon of this database holds."""
        if (shared := self._works.shared) is not None:
            loop = asyncio.get_running_loop()

            def changed(name: str) -> None:
                loop.call_soon_threadsafe(self._turn_to, name)

            await asyncio.to_thread(shared.holder.serve, shared.daemon, changed)

    def _turn_to(self, name: str) -> None:
        """Take up what has just become ours, and let go of what is another's by now."""
        for crew in self._crews:
            if crew.desk.policy.mailbox != name or crew.lease is None:
                continue
            if crew.lease.is_held:
                for step in (*crew.steps, "watch"):
                    self._wake(crew, step)
                continue
            for mailbox in crew.mailboxes:
                mailbox.interrupt()

    async def _begin(self, crew: Crew) -> bool:
        """Make sure that the mailbox is ours; begin with it if that is new."""
        if not crew.is_ours:
            return False
        mailbox_id, fence = crew.desk.mailbox_id, crew.lease.fence if crew.lease else None
        async with self._beginning:
            if self._begun.get(mailbox_id, 0) != fence:
                await asyncio.to_thread(self._begin_anew, crew)
                self._begun[mailbox_id] = fence
        return True

    def _begin_anew(self, crew: Crew) -> None:
        store = self._works.fenced(crew.lease)
        begin_anew(store, crew.desk)
        works, now = self._works, self._works.now()
        home = works.shared.daemon.home if works.shared else None
        fence = crew.lease.fence if crew.lease else None
        in_force = InForce(
            crew.mode,
            works.configuration,
            __version__,
            now,
            home,
            fence,
            reloads=works.reloads,
        )
        note_in_force(store, crew.desk, in_force)
        if not crew.only_sent:
            put_in_force(store, crew.desk, now)
        forget_or_tell(self._works.places, self._works.now)

    def note_refusal(self) -> None:
        """Note, for whoever looks from outside, that a changed configuration was refused; raises
        what the store raises.
        """
        for crew in self._crews:
            if crew.is_ours:
                note_refusal(self._works.fenced(crew.lease), crew.desk, self._works.now())

    async def run_once(self) -> tuple[Shortfall, ...]:
        """Do everything that is due now, once, all mailboxes side by side; return what kept steps
        from their work, empty if nothing did.
        """
        await self._share()
        colleagues = [crew for crew in self._crews if crew.only_sent]
        others = [crew for crew in self._crews if not crew.only_sent]
        left = [crew.desk.policy.mailbox for crew in self._crews if not crew.is_ours]
        found = [[Shortfall(name, Step.RECEIVE, held_by_another(name)) for name in left]]
        # What a colleague has answered is known as an answer once the question is processed.
        for crews, steps in (
            (others, (Step.RECEIVE, Step.PROCESS)),
            (colleagues, (Step.RECEIVE,)),
            (others, (Step.PROCESS, Step.FIRE)),
            (others, (Step.DELIVER, Step.SETTLE)),
        ):
            if Step.DELIVER in steps and Step.FIRE in self._only:
                with suppress(StoreUnavailableError):
                    await self._write_digest()
            found += await asyncio.gather(*(self._work_off(crew, *steps) for crew in crews))
        with suppress(StoreUnavailableError):
            await self._chores.tell_all()
        for path in self._works.alerts:
            with suppress(AlertFailedError):
                await self._tell_outage(path)
        return tuple(shortfall for each in found for shortfall in each)

    async def _work_off(self, crew: Crew, *steps: Step) -> list[Shortfall]:
        troubles = []
        for step in steps:
            if step not in self._only or self._stopping.is_set():
                continue
            work = self._exhaust(crew, step)
            # Of whatever kind the trouble is: the other mailboxes have their turn.
            (error,) = await asyncio.gather(work, return_exceptions=True)
            if isinstance(error, Exception):
                troubles.append(Shortfall(crew.desk.policy.mailbox, step, error))
        return troubles

    async def close(self) -> None:
        """Close connections; never raises."""
        await asyncio.to_thread(self._guard.end)
        for crew in self._crews:
            if crew.transport is not None:
                await crew.transport.close()
            for mailbox in crew.mailboxes:
                await asyncio.to_thread(mailbox.close)

    async def _exhaust(self, crew: Crew, step: Step) -> None:
        work = self._step(crew, step)
        while (moved := await work()) and not isinstance(moved, Rest):
            # What arrives meanwhile is for the next time.
            if self._stopping.is_set() or step is Step.RECEIVE:
                break

    def _set_up(self, crew: Crew) -> None:
        for step in crew.steps:
            if step in self._only:
                when = self._steps.polling(crew).is_time if step is Step.RECEIVE else _always
                self._add(crew, step.value, self._step(crew, step), _every(crew, step), when)
        if Step.RECEIVE in self._only and not crew.only_sent:
            self._add(crew, "audit", self._if_ours(crew, self._steps.audit), _AUDIT_EVERY)
            self._add(
                crew, "lookout", self._if_ours(crew, self._steps.lookout(crew)), _LOOK_OUT_EVERY
            )
        if Step.FIRE in self._only and crew.desk.policy.probe is not None:
            self._add(crew, "probe", self._if_ours(crew, self._steps.probe), _PROBE_EVERY)
        if crew.sign_ins:
            self._add(
                crew, "sign_in", self._if_ours(crew, self._steps.keep_signed_in), _AUDIT_EVERY
            )
        if Step.RECEIVE in self._only and crew.watch is not None:
            self._add(crew, "watch", self._if_ours(crew, self._steps.watch), _WATCH_RETRY)

    def _add(
        self,
        crew: Crew,
        name: str,
        step: Callable[[], Awaitable[int | Rest]],
        every: timedelta,
        when: Callable[[], bool] = _always,
    ) -> None:
        works, mailbox = self._works, crew.desk.policy.mailbox
        step = self._guard.watching(step)
        loop = Loop(f"{mailbox}.{name}", step, self._stopping, works.jitter)
        self._loops[crew.desk.mailbox_id, name] = loop

        def tick() -> None:
            if when():
                loop.wake()

        works.ticker.every(every, tick)

    def _add_for_all(self, name: str, step: Callable[[], Awaitable[int]], every: timedelta) -> None:
        loop = Loop(name, self._guard.watching(step), self._stopping, self._works.jitter)
        self._loops[0, name] = loop
        self._works.ticker.every(every, loop.wake)

    def _step(self, crew: Crew, step: Step) -> Callable[[], Awaitable[int | Rest]]:
        return self._if_ours(crew, self._steps.of(step))

    def _if_ours(
        self, crew: Crew, step: Callable[[Crew], Awaitable[int | Rest]]
    ) -> Callable[[], Awaitable[int | Rest]]:
        """Return the step, which rests while another daemon holds the mailbox."""

        async def work() -> int | Rest:
            return await step(crew) if await self._begin(crew) else Rest(None)

        return work

    def _notice_sleep(self) -> None:
        """Throw the connections away after a sleep of whatever kind: they only look alive."""
        since, self._ticked_at = self._ticked_at, self._works.boot()
        if (slept := self._ticked_at - since) < _ASLEEP:
            return
        log("machine.slept", logging.WARNING, seconds=round(slept))
        for crew in self._crews:
            for mailbox in crew.mailboxes:
                mailbox.interrupt()

    async def _look_around(self) -> int:
        try:
            return await self._look_out()
        finally:
            # Nor is a database that is away mended by starting us anew.
            self._came_round_at = self._works.boot()

    def _say_alive(self) -> None:
        """Let whoever watches over us know, whatever we wait for; not if the guard never ends."""
        if self._works.boot() - self._came_round_at < _COMES_ROUND_WITHIN:
            self._works.alive()

    async def _look_at_queues(self) -> int:
        """Wake whoever has something to do."""
        crews = {one.desk.mailbox_id: one for one in self._crews if one.is_ours}

        def due() -> tuple[frozenset[Queue], bool]:
            now = self._works.now()
            with self._works.store.read() as tx:
                return tx.due.queues(crews, now), tx.due.alarms(now)

        queues, alarms = await asyncio.to_thread(due)
        for mailbox_id, step in queues:
            self._wake(crews[mailbox_id], step)
            if step == Step.DELIVER:
                # A person may be answering: Sent is looked into as often as can be.
                self._steps.polling(crews[mailbox_id]).stir()
        for chore in self._chores.telling() if alarms else ():
            self._loops[0, chore.name].wake()
        return 0

    async def _tell_outage(self, path: str) -> int:
        return await asyncio.to_thread(self._outage.tell, path)

    async def _look_out(self) -> int:
        await asyncio.to_thread(self._guard.look)
        return 0

    async def _write_digest(self) -> int:
        works = self._works
        if works.digest is None or not self._chores.are_ours:
            return 0
        await self._look_out()
        watched = [Watched(crew.desk, crew.poll_every) for crew in self._crews]
        store = self._works.fenced(self._shared)
        count = await asyncio.to_thread(digest_next, store, works.digest, watched, works.now)
        for crew in self._crews if count else ():
            self._wake(crew, Step.DELIVER)
        return count

    def _wake(self, crew: Crew, name: str) -> None:
        if loop := self._loops.get((crew.desk.mailbox_id, name)):
            loop.wake()


def _every(crew: Crew, step: Step) -> timedelta:
    """Return how often a step looks by itself whether there is something to do."""
    if step is Step.RECEIVE:
        return crew.poll_every
    control = crew.desk.policy.control
    shows = step is Step.SETTLE and (control.keywords or control.folders)
    return _SHOW_EVERY if shows else _BY_ITSELF
