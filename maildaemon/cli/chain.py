"""`maildaemon audit --chain`: show that nobody has changed the history."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from maildaemon.cli.exits import Exit
from maildaemon.cli.output import mark, put_json, say
from maildaemon.domain.chain import Break, Broken

if TYPE_CHECKING:
    from maildaemon.settings import Settings

WHAT: Mapping[Break, str] = {
    Break.CHANGED: "it says something else than it said when it was sealed",
    Break.BROKEN: "it, or one before it, was changed, taken out or put in",
    Break.CUT: "entries at the end were taken out",
}
_FORGED = (
    "up to where the history is sealed was written by somebody else, or the key is another one: "
    "nothing is sealed any more"
)
_ADVICE = "hold it against a backup; only who writes into the database past maildaemon can do this"


def audit_chain(settings: "Settings", *, as_json: bool) -> int:
    """Look at the history of every conversation; return the exit code."""
    from maildaemon.adapters.sql.reading import open_reading
    from maildaemon.bootstrap import find_places
    from maildaemon.services.seal import Checked, check_chains

    store = open_reading(settings.database.url)
    count = Checked()
    try:
        key = find_places(settings, store).key
        for reference, found in check_chains(store, key, count):
            _put(reference, found, as_json=as_json)
    finally:
        store.close()
    if as_json:
        put_json(asdict(count))
    else:
        if count.is_forged:
            say(f"{mark(good=False)} {_FORGED}")
        _put_sum(count.threads, count.entries, count.erased, count.unsealed, count.wrong)
    return Exit.DATA if count.wrong else Exit.OK


def _put(reference: str, found: Broken, *, as_json: bool) -> None:
    if as_json:
        entry = {"thread": reference, "entry": found.event_id, "finding": found.how}
        put_json({**entry, "what": WHAT[found.how], "advice": _ADVICE})
        return
    place = f"entry {found.event_id}" if found.event_id else "the end"
    say(f"{mark(good=False)} {reference}, {place}: {WHAT[found.how]} ({found.how})")
    say(f"    what to do: {_ADVICE}")


def _put_sum(threads: int, entries: int, erased: int, unsealed: int, wrong: int) -> None:
    others = {"erased": erased, "not sealed yet": unsealed}
    told = "".join(f", {count} {words}" for words, count in others.items() if count)
    say(f"{mark(good=not wrong)} {threads} conversations, {entries} entries{told}")
    say(f"    {f'{wrong} broken' if wrong else 'nobody has changed them'}")
