"""The course of the demonstration: two acts of mail, and what must be true at the end."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from maildaemon.adapters.sandbox import HOST
from maildaemon.adapters.sql.listings import read_listings
from maildaemon.adapters.sql.reading import ReadingStore, open_reading
from maildaemon.cli.demo.first_act import first_act
from maildaemon.cli.demo.letters import Letter
from maildaemon.cli.demo.result import Result, find_result
from maildaemon.cli.demo.second_act import second_act
from maildaemon.cli.demo.show import literal, paragraph, put_result, put_summary, title
from maildaemon.cli.demo.stage import DemoError, Stage, open_stage
from maildaemon.cli.output import mark, say
from maildaemon.settings import load_settings

_NEXT = (
    ("maildaemon init", "writes maildaemon.yaml for your servers"),
    ("maildaemon check --connect", "proves configuration, logins and folders"),
    ("maildaemon run", "the daemon; in mode `shadow` it sends nothing"),
    ("maildaemon status", "how it is: queues, last success, trouble"),
    ("maildaemon outbox list", "what it sent, or would have sent"),
    ("maildaemon threads show REF", "one conversation with its history"),
    ("maildaemon explain FILE.eml", "what it would do about a message, and why"),
)
_LOG_LINES = 8
_GRAVE = frozenset({"error", "critical"})
_NO_FACTS = frozenset({"at", "level", "event", "traceback"})


def play() -> bool:
    """Show everything; return whether it came out as it should."""
    began_at = time.monotonic()
    title("maildaemon demo")
    paragraph(
        "A real IMAP server, a real SMTP server and the real daemon start on this machine; "
        "customers and machines write, and you see what the daemon does and why. No mail leaves "
        "this machine, and nothing is left behind."
    )
    with open_stage() as stage:
        try:
            good = _show(stage)
        except DemoError as error:
            say()
            paragraph(f"{mark(good=False)} The demonstration broke off: {error}")
            good = False
        if not good:
            _put_log(stage)
    say()
    outcome = "Everything came out as it should" if good else "NOT everything came out as it should"
    say(f"{mark(good=good)} {outcome}, in {time.monotonic() - began_at:.0f} seconds.")
    if good:
        _put_next()
    return good


def _show(stage: Stage) -> bool:
    _put_scenery(stage)
    stage.wait_for("the daemon watches the mailbox", lambda: stage.logged("mailbox.started"))
    store = open_reading(load_settings(stage.config).database.url)
    try:
        results = _put_acts(stage, store)
        code = stage.end_daemon()
    finally:
        store.close()
    title("Summary")
    put_summary(results)
    say()
    checks = [*_checks(stage, results, code)]
    for good, text in checks:
        say(f"{mark(good=good)} {text}")
    return all(good for good, _ in checks)


def _put_scenery(stage: Stage) -> None:
    title("The scenery")
    servers = stage.servers
    paragraph(
        f"IMAP listens on {HOST}:{servers.imap_port}, SMTP on {HOST}:{servers.smtp_port}. The "
        "configuration is what `maildaemon init` writes, but for the servers, the name of the shop "
        "and the mode: `live`. (An installation of your own starts in `shadow`: everything is "
        "decided and recorded, nothing is sent.)"
    )
    say()
    text = stage.config.read_text(encoding="utf-8")
    literal(line for line in text.splitlines() if line and not line.lstrip().startswith("#"))


def _put_acts(stage: Stage, store: ReadingStore) -> list[Result]:
    letters = first_act()
    title("Act one: a morning's mail")
    paragraph(f"{len(letters)} messages arrive at once.")
    first = _perform(stage, store, letters, 1)
    if not all(result.as_expected for result in first):
        raise DemoError("not everything in act one came out as it should, and act two answers it")
    title("Act two: what comes back")
    paragraph("Machines answer the daemon's mails, and a colleague answers a customer.")
    ours = {one.answers: one.raw for one in stage.posted}
    return first + _perform(stage, store, second_act(ours), len(first) + 1)


def _perform(
    stage: Stage, store: ReadingStore, letters: Sequence[Letter], number: int
) -> list[Result]:
    """Deliver letters, wait until each is dealt with, then show what became of them."""

    def look(letter: Letter) -> Result | None:
        with read_listings(store) as listings:
            return find_result(listings, letter, stage.posted)

    def show_all() -> list[Result]:
        # Looked at anew: a later letter may have changed the thread of an earlier one.
        results = [result for letter in letters if (result := look(letter))]
        for result in results:
            put_result(letters.index(result.letter) + number, result)
        return results

    stage.bring(letters)
    try:
        for at, letter in enumerate(letters, number):
            stage.wait_for(f"message {at}, {letter.title}, is dealt with", partial(look, letter))
    except DemoError:
        show_all()
        raise
    return show_all()


def _checks(stage: Stage, results: Sequence[Result], code: int) -> Iterator[tuple[bool, str]]:
    """Yield what must be true at the end."""
    good = sum(result.as_expected for result in results)
    yield good == len(results), f"{good} of {len(results)} messages were dealt with as expected"
    answered = {one.letter.message_id for one in results if one.letter.expected.response}
    posted = sorted(one.answers for one in stage.posted)
    yield (
        posted == sorted(answered),
        f"{len(posted)} mails were sent: one to each of {len(answered)} customers, none twice",
    )
    marked = all(one.mail["Auto-Submitted"] == "auto-replied" for one in stage.posted)
    yield marked, "each of them says that a machine wrote it (Auto-Submitted)"
    seen = stage.marked_as_read()
    yield seen == 0, f"{seen or 'no'} message in the inbox was marked as read: that is for people"
    errors = [line for line in stage.lines if line.get("level") in _GRAVE]
    orderly = code == 0 and not errors
    yield orderly, f"the daemon ended with exit code {code} and {len(errors) or 'no'} errors logged"


def _put_log(stage: Stage) -> None:
    """Print what the daemon complained of, else what it did last: the log will be gone."""
    grave = [line for line in stage.lines if line.get("level") in _GRAVE]
    title("From the daemon's log")
    literal(map(_in_short, (grave or stage.lines)[-_LOG_LINES:]))


def _in_short(line: dict[str, Any]) -> str:
    facts = (f"{name}={value}" for name, value in line.items() if name not in _NO_FACTS)
    return " ".join((f"{line['level']}: {line['event']}", *facts))


def _put_next() -> None:
    title("Where to look next")
    paragraph("For a mailbox of your own (README.md says more):")
    say()
    width = max(len(command) for command, _ in _NEXT)
    literal(f"{command:<{width}}  {what}" for command, what in _NEXT)
