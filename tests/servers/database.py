"""The frame of a throw-away database server: a clean database for every test."""

import itertools
from abc import abstractmethod
from typing import Any

from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from tests.servers.throwaway import Throwaway

TEMPLATE = "maildaemon"


class DatabaseServer(Throwaway):
    """A running server; its databases are known by their names."""

    def __init__(self, *, in_memory: bool = False) -> None:
        super().__init__(in_memory=in_memory)
        self._numbers = itertools.count(1)
        self._clean: list[str] = []
        self._has_template = False

    @abstractmethod
    def connect(self, database: str) -> Any:
        """Return a connection of our own, as the administrator; every statement commits."""

    @abstractmethod
    def url(self, database: str, user: str = ...) -> str: ...

    @abstractmethod
    def run(self, *statements: str) -> None:
        """Have these done by the administrator."""

    @abstractmethod
    def break_off(self, name: str) -> None:
        """End all connections to a database; return when they are gone."""

    @abstractmethod
    def copy(self, name: str) -> str:
        """Return the name of a copy; idle connections to the original may be broken off."""

    @abstractmethod
    def give_back(self, name: str) -> None:
        """Make a database ready for the next test: no connections, rows, numbers."""

    @abstractmethod
    def drop(self, name: str) -> None: ...

    @abstractmethod
    def _make_like(self, model: str, name: str) -> None:
        """Make a database with the tables of another one, which takes less than to migrate it."""

    def empty(self) -> str:
        """Return the name of a new database without tables."""
        name = f"empty{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def take(self) -> str:
        """Return the name of a database with our tables, and nothing in them."""
        if self._clean:
            return self._clean.pop()
        if not self._has_template:
            self._make_template()
        name = f"test{next(self._numbers)}"
        self._make_like(TEMPLATE, name)
        return name

    def _make_template(self) -> None:
        self.run(f"CREATE DATABASE {TEMPLATE}")
        store = SqlStore(self.url(TEMPLATE))
        ensure_schema(store.engine)
        store.close()
        self._has_template = True
