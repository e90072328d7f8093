"""The history of a conversation as a chain: each entry is sealed with the one before it.

Who changes an entry, takes one out or puts one between breaks it, unless he has the key. What an
entry says goes in as a salted hash, so that it can be erased: without the salt the hash tells
nothing, and the chain holds.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the history of a thread. `seal` None: it is not sealed yet. `salt` None though it
    is: what it said was erased.
    """

    event_id: int
    thread_id: int
    at: datetime
    event: str
    message_id: int | None
    outbox_id: int | None
    detail: Mapping[str, Any]
    salt: str | None = None
    detail_sha256: str | None = None
    seal: str | None = None


class Break(StrEnum):
    """How a chain can be broken."""

    CHANGED = "changed"  # it says something else than it said
    BROKEN = "broken"  # it, or what was before it, is not what was sealed
    CUT = "cut"  # the end is gone


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain is broken; `event_id` None: at its end."""

    thread_id: int
    event_id: int | None
    how: Break


def hash_detail(salt: str, detail: Mapping[str, Any]) -> str:
    """Return the salted hash of what an entry says."""
    words = json.dumps(detail, sort_keys=True, separators=(",", ":"))
    return sha256(f"{salt}\0{words}".encode()).hexdigest()


def seal_of(key: bytes, previous: str, link: Link) -> str:
    """Return the seal of an entry whose detail is hashed; `previous` is empty for the first."""
    parts = (
        *(previous, link.event_id, link.thread_id, link.at.isoformat(), link.event),
        *(link.message_id, link.outbox_id, link.detail_sha256),
    )
    return hmac.digest(key, json.dumps(("entry", *parts)).encode(), "sha256").hex()


def end_of(key: bytes, thread_id: int, seal: str) -> str:
    """Return what shows that a chain ends with this seal."""
    return hmac.digest(key, json.dumps(("end", thread_id, seal)).encode(), "sha256").hex()


def until_of(key: bytes, event_id: int) -> str:
    """Return what is kept of up to where everything is sealed: nobody else can say that."""
    words = json.dumps(("until", event_id)).encode()
    return f"{event_id} {hmac.digest(key, words, 'sha256').hex()}"


def read_until(key: bytes, kept: str | None) -> int | None:
    """Return up to where everything is sealed; None if somebody else has said that."""
    number = (kept or until_of(key, 0)).partition(" ")[0]
    if not number.isdecimal() or not hmac.compare_digest(
        until_of(key, int(number)).encode(), (kept or until_of(key, 0)).encode()
    ):
        return None
    return int(number)


def find_breaks(key: bytes, links: Iterable[Link], ends: str | None) -> Iterator[Broken]:
    """Yield where the chain of one thread is broken, by its entries in order and what its `end_of`
    was. What is not sealed yet is at the end; of a broken chain the first break is told.
    """
    previous, thread_id, open_since = "", 0, 0
    for link in links:
        thread_id = link.thread_id
        if link.seal is None:
            open_since = open_since or link.event_id
            continue
        if open_since:
            yield Broken(thread_id, open_since, Break.BROKEN)
            return
        if not hmac.compare_digest(seal_of(key, previous, link), link.seal):
            yield Broken(thread_id, link.event_id, Break.BROKEN)
            return
        if link.salt is not None and hash_detail(link.salt, link.detail) != link.detail_sha256:
            yield Broken(thread_id, link.event_id, Break.CHANGED)
        previous = link.seal
    if (ends or previous) and ends != end_of(key, thread_id, previous):
        yield Broken(thread_id, None, Break.CUT)
