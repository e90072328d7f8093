"""Serves with the configuration that is in force, and goes over to a new one when told to.

SIGHUP: the new file is read and everything it names is opened while the old daemon goes on; only
if all of it can be used, the old one ends in order and the new one takes its place, in the same
process and under the same lock.
"""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maildaemon.adapters.clock import utc_now
from maildaemon.adapters.log import veil_for
from maildaemon.adapters.memory import share_one_arena
from maildaemon.adapters.supervisor import Supervisor
from maildaemon.bootstrap import Parts, open_daemon
from maildaemon.cli.hang_up import EarlyHangUp, in_a_window, reads_anew
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import note, wrapped
from maildaemon.domain.policy import Reads
from maildaemon.errors import (
    ConfigError,
    MaildaemonError,
    OperatorError,
    SecretsMissingError,
    StoreUnavailableError,
)
from maildaemon.locks import Locks
from maildaemon.services.crew import Step, logins_of
from maildaemon.services.desk import log
from maildaemon.services.loop import attempt
from maildaemon.settings import Settings, changed_options, require_variables

if TYPE_CHECKING:
    from maildaemon.adapters.http import HttpServer

# An editor, a script and a person may all signal at once; one reading serves them all.
_GATHER = 0.5
# For so long a database may be away when the service starts, and so often it is looked for.
_PATIENCE, _AGAIN = 120.0, 2.0
# What Python takes itself: a daemon lives long, and keeps no garbage.
_OBJECTS_BETWEEN_LOOKS = 700
# Seconds. One thread runs at a time, and Python lets whoever computes go on for ten times as long,
# while the one whose server has answered waits, and a customer with it.
_TURN = 0.0005


def catch_signals(stop: Callable[[], None], hang_up: Callable[[], None]) -> None:
    """Have the running loop call these at a signal to end, and at one to read again."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        # From now on Ctrl-C kills: whoever presses it twice does not want to wait.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop()

    def close() -> None:
        log(
            "window.closed", logging.WARNING, why="SIGHUP: only a service reads its file anew by it"
        )
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    early = signal.getsignal(signal.SIGHUP)
    # What `nohup` has shut out stays out.
    if early is signal.SIG_DFL or isinstance(early, EarlyHangUp):
        loop.add_signal_handler(signal.SIGHUP, close if in_a_window() else hang_up)
    if isinstance(early, EarlyHangUp) and early.asked:
        hang_up()


@dataclass(frozen=True, slots=True)
class _Shift:
    """One daemon with its configuration, and what is closed when it has ended. `new`: which
    mailboxes are to be read for the first time.
    """

    parts: Parts
    resources: ExitStack
    new: frozenset[str]


class Service:
    """Runs one daemon after another until it is told to stop."""

    def __init__(
        self,
        invocation: Invocation,
        only: frozenset[Step],
        locks: Locks,
        set_up_log: Callable[[Settings, bytes], None],
        supervisor: Supervisor,
    ) -> None:
        """Nothing is opened before `run`. `set_up_log` is called whenever a daemon takes over;
        `supervisor` is told of each change.
        """
        self._invocation, self._only, self._locks = invocation, only, locks
        self._set_up_log, self._supervisor = set_up_log, supervisor
        self._http: HttpServer | None = None
        self._shift: _Shift | None = None
        self._stopping = asyncio.Event()
        self._asked = asyncio.Event()

    async def run(self, settings: Settings) -> None:
        """Serve; raises what keeps the first daemon from starting."""
        catch_signals(self._stopping.set, self._asked.set)
        share_one_arena()
        first = await self._open_first(settings)
        if first is None:
            return
        # What is loaded by now stays for good: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
        sys.setswitchinterval(_TURN)
        self._begin(first)
        _tell_who_starts(first)
        shift: _Shift | None = first
        try:
            while shift is not None:
                self._locks.keep_only(shift.parts.settings)
                with shift.resources:
                    await self._show(shift.parts)
                    shift = await self._serve(shift.parts)
        finally:
            await self._show(None)

    async def _show(self, parts: Parts | None) -> None:
        """Let HTTP tell of this daemon; the port is kept where it stays the same, and given back
        where nothing is to be told any more (None).
        """
        wanted = parts.settings.service.http if parts else None
        if self._http is not None and (wanted is None or wanted.port != self._http.port):
            await self._http.close()
            self._http = None
        if parts is None or wanted is None:
            return
        # Most installations show nothing: they need not wait for what writes pages.
        from maildaemon.adapters.http import HttpServer
        from maildaemon.cli.site import Site

        service = parts.settings.service
        veil = veil_for(service.log_addresses.value, parts.key)
        site = Site(parts.settings, parts.store, veil, utc_now, lambda: parts.parser.times)
        if self._http is not None:
            self._http.answer = site.answer
            return
        server = HttpServer(wanted.port, site.answer)
        try:
            await server.open()
        except OperatorError as error:
            # Mail goes on without it: a page that nobody sees hurts less than mail nobody reads.
            what, where, advice = error.what, error.where, error.advice
            log("http.failed", logging.ERROR, problem=what, where=where, advice=advice)
            return
        self._http = server
        log("http.opened", port=server.port)

    async def _open_first(self, settings: Settings) -> _Shift | None:
        """Open what the first daemon needs; None if it is told to stop meanwhile.

        After a power cut everything begins at once: a database that is not there yet is waited for.
        """
        until, told = asyncio.get_running_loop().time() + _PATIENCE, ""
        while True:
            found = await asyncio.to_thread(attempt, lambda: self._open(settings))
            if isinstance(found, _Shift):
                return found
            over = asyncio.get_running_loop().time() >= until
            if over or not isinstance(found, StoreUnavailableError):
                raise found
            if str(found) != told:
                told = str(found)
                log("start.delayed", logging.WARNING, error=told, again_in=f"{_AGAIN:g} s")
            await _first(self._stopping, _AGAIN)
            if self._stopping.is_set():
                return None

    async def _serve(self, parts: Parts) -> "_Shift | None":
        """Run a daemon to its end; return the one that follows it, None if it was the last."""
        running = asyncio.create_task(parts.daemon.run())
        waiting = asyncio.create_task(self._wait_for_another(parts))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({running, waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        parts.daemon.stop()
        await running
        stopping.cancel()
        if self._stopping.is_set():
            self._supervisor.stopping()
            self._asked.set()  # whoever waits for a signal waits no more
        return await waiting

    async def _wait_for_another(self, parts: Parts) -> "_Shift | None":
        """Wait until a configuration is to be taken over that can be used; None at the end."""
        while True:
            await self._asked.wait()
            await _first(self._stopping, _GATHER)
            self._asked.clear()
            if self._stopping.is_set():
                return None
            self._supervisor.reloading()
            found = await asyncio.to_thread(attempt, self._read_anew)
            if isinstance(found, _Shift):
                return self._take_over(parts, found)
            _refuse(found)
            _keep(await asyncio.to_thread(attempt, parts.daemon.note_refusal))
            self._locks.keep_only(parts.settings)
            self._tell_ready(parts)

    def _take_over(self, parts: Parts, found: _Shift) -> "_Shift | None":
        if self._stopping.is_set():
            found.resources.close()
            return None
        self._begin(found)
        changed = changed_options(parts.settings, found.parts.settings)
        log("config.reloaded", changed=", ".join(changed) or "nothing")
        return found

    def _read_anew(self) -> _Shift:
        settings = self._invocation.settings()
        require_variables(settings, logins_of(self._only))
        return self._open(settings)

    def _open(self, settings: Settings) -> _Shift:
        """Open everything a daemon needs, or nothing."""
        self._locks.take(settings)
        with ExitStack() as resources:
            holder = self._locks.holder(settings)
            alive, watching = self._supervisor.alive, self._tell_watched
            parts = resources.enter_context(
                open_daemon(settings, self._only, holder, alive, watching, reloads=reads_anew())
            )
            reads = not self._only or Step.RECEIVE in self._only
            new = _never_read(parts) if reads else frozenset()
            return _Shift(parts, resources.pop_all(), new)

    def _begin(self, shift: _Shift) -> None:
        self._shift = shift
        self._set_up_log(shift.parts.settings, shift.parts.key)
        warn(shift.parts.settings)
        self._tell_ready(shift.parts)

    def _tell_ready(self, parts: Parts) -> None:
        self._supervisor.ready(parts.daemon.doing)

    def _tell_watched(self, name: str) -> None:
        """Tell that a mailbox has been read; not before, for what lies there at a first start is
        never answered.
        """
        if (shift := self._shift) is not None:
            self._supervisor.status(shift.parts.daemon.doing)
            more = ": what arrives from now on is new" if name in shift.new else ""
            _tell(f"watching {_named(shift.parts.settings, {name})}{more}")


def _never_read(parts: Parts) -> frozenset[str]:
    with parts.store.read() as tx:
        read = {one.name for one in tx.mailboxes.all() if one.started_at is not None}
    # Of a colleague's account only Sent is read, and nothing there is ever answered.
    asked = (one.name for one in parts.settings.mailboxes if one.reads is Reads.ALL)
    return frozenset(asked) - read


def _tell_who_starts(shift: _Shift) -> None:
    """Say that it has begun, how it ends, and what a first start means."""
    settings = shift.parts.settings
    everything = {one.name for one in settings.mailboxes}
    _tell(f"starting with {_named(settings, everything)}; Ctrl-C ends it")
    if shift.new:
        names = ", ".join(sorted(shift.new))
        _tell(
            f"first start of {names}: what lies there already is never answered; a first mail of "
            "your own counts once it says `watching`"
        )


def _named(settings: Settings, names: Collection[str]) -> str:
    return ", ".join(
        f"{one.name} ({one.address}, {settings.mode_in_words(one)})"
        for one in settings.mailboxes
        if one.name in names
    )


def _tell(text: str) -> None:
    """Say something to whoever sits before it; a log of a service has its own lines."""
    if sys.stderr.isatty():
        note(wrapped(text, 4, sys.stderr))


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than that."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()


def _refuse(error: Exception) -> None:
    match error:
        case ConfigError(problems=problems):
            for problem in problems:
                log("config.refused", logging.ERROR, problem=str(problem))
        case SecretsMissingError(errors=errors):
            for one in errors:
                _refuse(one)
        case OperatorError(what=what, where=where, advice=advice):
            log("config.refused", logging.ERROR, problem=what, where=where, advice=advice or None)
        case MaildaemonError():
            log("config.refused", logging.ERROR, problem=str(error))
        case _:
            log("config.refused", logging.CRITICAL, problem=repr(error), failure=error)


def _keep(unnoted: Exception | None) -> None:
    """Log that the old one stays; `unnoted`: what keeps `status` from knowing of it."""
    log(
        "config.kept",
        logging.WARNING,
        failure=None if isinstance(unnoted, MaildaemonError) else unnoted,
        why="the new one was refused; the old one is in force",
        unknown_to_status=unnoted and str(unnoted),
    )


def warn(settings: Settings) -> None:
    """Log what works in a configuration but should not stay so."""
    for warning in settings.warnings:
        log("config.warned", logging.WARNING, what=str(warning))


def keep_configuration() -> None:
    """Answer a SIGHUP where there is nothing to read anew."""
    log("config.kept", logging.WARNING, why="`run --once` reads it at the start only")
