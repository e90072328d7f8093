"""Times the product from outside: wrappers around its ports say where the time goes."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PARTS = ("mailboxes", "inbound", "records", "outbox")


class Stopwatch:
    """Seconds by stage, for one thread. A stage within another stops that one meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._credit()
        self._running.append(name)
        try:
            yield
        finally:
            self._credit()
            self._running.pop()

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the work in a stage; what it yields is yielded in it, too."""

        def measured(*args: Any, **options: Any) -> Any:
            with self.stage(name):
                result = work(*args, **options)
            return self._stepwise(name, result) if isinstance(result, Iterator) else result

        return measured

    def _stepwise(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            with self.stage(name):
                item = next(items, self)
            if item is self:
                return
            yield item

    def _credit(self) -> None:
        now = self._clock()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


class Timed:
    """Stands before an object; `stage_of` says to which stage a method belongs."""

    def __init__(self, watch: Stopwatch, role: object, stage_of: Callable[[str], str]) -> None:
        self._watch, self._role, self._stage_of = watch, role, stage_of

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._role, name)
        return self._watch.timed(self._stage_of(name), value) if callable(value) else value


class TimedStore:
    """Stands before a store; beginning and committing belong to the stage of `commit`."""

    def __init__(self, watch: Stopwatch, store: Any, stage_of: Callable[[str], str]) -> None:
        self._watch, self._store, self._stage_of = watch, store, stage_of

    def begin(self) -> Any:
        return self._transaction(self._store.begin())

    def read(self) -> Any:
        return self._transaction(self._store.read())

    @contextmanager
    def _transaction(self, opened: Any) -> Iterator[Any]:
        with self._watch.stage(self._stage_of("commit")):
            transaction = opened.__enter__()
            for part in _PARTS:
                timed = Timed(self._watch, getattr(transaction, part), self._stage_of)
                setattr(transaction, part, timed)
        try:
            yield transaction
        except BaseException as error:
            opened.__exit__(type(error), error, error.__traceback__)
            raise
        with self._watch.stage(self._stage_of("commit")):
            opened.__exit__(None, None, None)
