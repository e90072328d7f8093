"""Lets go of what was kept for as long as the policy says, and notes how much it was."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from maildaemon.domain.person import Personal
from maildaemon.ports import BlobStore, Now
from maildaemon.ports.persons import Bytes
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk, log
from maildaemon.services.removal import remove_noted

_BATCH = 200


def retain_next(store: Store, raw: BlobStore, files: BlobStore, desk: Desk, now: Now) -> int:
    """Let go of a batch of each class of a mailbox; return of how much (0: nothing is over).

    What is noted, and how much it was, is one transaction with what goes, and which bytes are to be
    removed then: what a death leaves behind goes with the next look.
    """
    at, kept = now(), desk.policy.retention
    counts: dict[str, int] = {}
    raw_gone: list[str] = []
    files_gone: list[str] = []
    with store.begin() as tx:
        retaining, mailbox_id = tx.retaining, desk.mailbox_id
        if kept.raw:
            counts["raw"], gone = retaining.drop_raw(mailbox_id, at - kept.raw, _BATCH)
            raw_gone += gone
        if kept.files:
            counts["files"], gone = retaining.drop_files(mailbox_id, at - kept.files, at, _BATCH)
            files_gone += gone
        if kept.bodies:
            counts["bodies"] = retaining.drop_bodies(mailbox_id, at - kept.bodies, _BATCH)
        if kept.personal:
            counts["personal"], more = _forget_people(tx, desk, at - kept.personal, at)
            raw_gone += more.raw
            files_gone += more.files
        if kept.statistics:
            counts["statistics"] = retaining.drop_statistics(
                mailbox_id, at - kept.statistics, _BATCH
            )
        done = {name: count for name, count in counts.items() if count}
        if done:
            tx.records.note(mailbox_id, "retention_applied", at, **done)
        tx.removals.note(Bytes(tuple(raw_gone), tuple(files_gone)), at_once=False)
    remove_noted(store, raw, files, at)
    if done:
        told = ", ".join(f"{count} {name}" for name, count in done.items())
        log("retention.applied", mailbox=desk.policy.mailbox, gone=told)
    return sum(done.values())


def _forget_people(
    tx: Transaction, desk: Desk, before: datetime, at: datetime
) -> tuple[int, Bytes]:
    """Take everybody out of messages that are over, as if he had asked for it."""
    over = tx.retaining.over(desk.mailbox_id, before, _BATCH)
    if not over:
        return 0, Bytes()
    personal: Personal = tx.persons.doomed_again(over, (), lambda _: False)
    gone = tx.persons.erase(personal, desk.key, at, told=False)
    return len(over), gone


def drop_unheld(store: Store, raw: BlobStore, desks: Iterable[Desk], now: Now) -> int:
    """Drop kept messages that no record holds and that are older than any mailbox keeps them;
    return how many. Without such a time they stay, for `rebuild`.
    """
    spans = [desk.policy.retention.raw for desk in desks]
    if not spans or None in spans:
        return 0
    before = now() - max(span for span in spans if span is not None)
    dropped = 0
    for names in _some(raw.names()):
        with store.read() as tx:
            held = tx.rebuild.journaled(names)
        dropped += sum(raw.remove(one, before) for one in names if one not in held)
    if dropped:
        log("orphans.dropped", count=dropped)
    return dropped


def _some(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, _BATCH)):
        yield batch
