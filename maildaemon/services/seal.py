"""Seals the history, entry by entry, and looks whether anybody has changed it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from maildaemon.domain.chain import (
    Break,
    Broken,
    Link,
    end_of,
    find_breaks,
    hash_detail,
    read_until,
    seal_of,
    until_of,
)
from maildaemon.ports.chains import Chain
from maildaemon.ports.store import Store

_AT_ONCE = 500
_SEALED = "sealed"


def seal_next(store: Store, key: bytes, salt: Callable[[], str]) -> int:
    """Seal a batch of what was noted since; return how many entries (0: all are sealed).

    Where somebody has changed up to where that is, nothing is sealed: what he has made of the
    history must not look as if it had been so.
    """
    with store.read() as tx:
        after = read_until(key, tx.brakes.fact(_SEALED))
        if after is None or not tx.chains.unsealed(after, 1):
            return 0
    with store.begin() as tx:
        links = tx.chains.unsealed(after, _AT_ONCE)
        if not links or tx.brakes.fact(_SEALED) not in {None, until_of(key, after)}:
            return 0
        last = tx.chains.last_seals(sorted({one.thread_id for one in links}))
        sealed = [_sealed(key, one, last, salt()) for one in links]
        tx.chains.seal(sealed, {of: end_of(key, of, seal) for of, seal in last.items()})
        tx.brakes.keep_fact(_SEALED, until_of(key, links[-1].event_id))
    return len(links)


def _sealed(key: bytes, link: Link, last: dict[int, str], salt: str) -> Link:
    hashed = replace(link, salt=salt, detail_sha256=hash_detail(salt, link.detail))
    seal = seal_of(key, last.get(link.thread_id, ""), hashed)
    last[link.thread_id] = seal
    return replace(hashed, seal=seal)


@dataclass(slots=True)
class Checked:
    """What a look at the chains has counted so far."""

    threads: int = 0
    entries: int = 0
    erased: int = 0
    unsealed: int = 0
    wrong: int = 0
    is_forged: bool = False


def _breaks(key: bytes, chain: Chain, until: int) -> Iterator[Broken]:
    yield from find_breaks(key, chain.links, chain.ends)
    # Noted before, so it says, and not sealed: it was put in, or its seal was taken away.
    early = (one for one in chain.links if one.seal is None and one.event_id <= until)
    yield from (Broken(chain.thread_id, one.event_id, Break.BROKEN) for one in islice(early, 1))


def check_chains(store: Store, key: bytes, count: Checked) -> Iterator[tuple[str, Broken]]:
    """Yield where a chain is broken, with the reference of the conversation."""
    with store.read() as tx:
        until = read_until(key, tx.brakes.fact(_SEALED))
    count.is_forged = until is None
    count.wrong += count.is_forged
    after = 0
    while True:
        with store.read() as tx:
            chains = tx.chains.read(after, _AT_ONCE)
        if not chains:
            return
        for chain in chains:
            after = chain.thread_id
            count.threads += 1
            count.entries += len(chain.links)
            count.unsealed += sum(one.seal is None for one in chain.links)
            count.erased += sum(one.seal is not None and one.salt is None for one in chain.links)
            for found in _breaks(key, chain, until or 0):
                count.wrong += 1
                yield chain.reference, replace(found, thread_id=chain.thread_id)
