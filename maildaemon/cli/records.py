"""Opens the records for a command: to look, or to change something by an operator's word."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from maildaemon.adapters.sql.listings import SqlListings
    from maildaemon.ports.store import Transaction


@contextmanager
def reading(invocation: Invocation) -> Iterator["SqlListings"]:
    """Look into the records; nothing in them or beside them changes."""
    settings = invocation.settings()

    from maildaemon.adapters.sql.listings import read_listings
    from maildaemon.adapters.sql.reading import open_reading

    store = open_reading(settings.database.url)
    try:
        with read_listings(store) as listings:
            yield listings
    finally:
        store.close()


@contextmanager
def writing(invocation: Invocation) -> Iterator["Transaction"]:
    """Change the records in one transaction; a running daemon may work beside it."""
    settings = invocation.settings()

    from maildaemon.adapters.sql.reading import open_existing

    store = open_existing(settings.database.url)
    try:
        with store.begin() as tx:
            yield tx
    finally:
        store.close()


def nothing_like(what: str, name: object, listing: str) -> WrongRequestError:
    """Return the error for a number or name that stands for nothing."""
    return WrongRequestError(f"there is no {what} {name}", f"see: {listing}")
