"""`maildaemon simulate`: what a policy would have done with the mail of a while."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, note, plain, put_json
from maildaemon.cli.progress import Progress, show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.values import Instant

if TYPE_CHECKING:
    from maildaemon.adapters.mail_files import Letter
    from maildaemon.cli.simulation import Simulated, Span
    from maildaemon.settings import Settings

# So long after the last mail: reminders of what nobody answers would go on for ever.
_AFTER_THE_LAST = timedelta(days=60)
# One mail with a wrong date must not make the clock run for decades.
_FUTURE = timedelta(days=366)


@click.command(
    epilog=examples(
        "maildaemon simulate ~/Mail              a Maildir, or mbox files",
        "maildaemon simulate in.mbox sent.mbox   `sent` was written by staff",
        "maildaemon simulate --compare new.yaml ~/Mail",
        "maildaemon simulate --json ~/Mail | grep mail_queued",
    )
)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="MBOX|DIR|FILE...",
    type=click.Path(exists=True, path_type=Path),
)
@json_option
@click.option(
    "--compare",
    "other",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another configuration file: list only what would be otherwise with it.",
)
@click.option(
    "--since",
    type=Instant(),
    help="When the daemon is started: mail from before is known to it, and never answered. By "
    "default just before the first mail.",
)
@click.option(
    "--until",
    type=Instant(),
    help="Where it ends; mail from later is left out. By default 60 days after the last mail.",
)
@click.option(
    "--mailbox", metavar="NAME", help="Only this mailbox; by default each mail goes to its own."
)
@click.pass_obj
def simulate(
    invocation: Invocation,
    *,
    paths: tuple[Path, ...],
    as_json: bool,
    other: Path | None,
    since: datetime | None,
    until: datetime | None,
    mailbox: str | None,
) -> int:
    """Show what would have happened to the mail of a month.

    Reads mail from files (mbox, Maildir, single messages) in the order in which it arrived, and
    lets the clock run over it: what would have been sent, to whom, when, and why not; who would
    have been warned; which answers were late. What lies in a folder or file called `sent` counts
    as written by staff. It judges as if the mode were live, by the same code as the daemon. It
    only reads: no network, no password, no database.
    """
    settings = invocation.settings()
    others = _load(other) if other else None
    left_out = _LeftOut()
    with show_progress("mails") as progress:
        letters = _letters(paths, left_out, until)
        if not letters:
            note("error: there is no mail in it; name an mbox, a Maildir, or message files")
            return Exit.NO_INPUT
        span = _span(letters, since, until)
        before = _simulate(settings, mailbox, letters, span, left_out, progress)
        if not any(one.event == "staff_answered" for one in before.told):
            note("no answer of yours is among these mails: name the folder of sent mail as well")
        if others is None:
            return _put(before, as_json=as_json)
        after = _simulate(others, mailbox, letters, span, left_out, progress)
    return _put_differences(before, after, as_json=as_json)


class _LeftOut:
    """Names each mail that is left out, once."""

    def __init__(self) -> None:
        self._named: set[tuple[str, str]] = set()

    def __call__(self, name: str, why: str) -> None:
        if (name, why) not in self._named:
            self._named.add((name, why))
            note(f"left out: {plain(name)}: {plain(why)}")


def _letters(paths: Sequence[Path], left_out: _LeftOut, until: datetime | None) -> "list[Letter]":
    from maildaemon.adapters.mail_files import find_letters

    found = find_letters(paths, left_out)
    if until is not None:
        return [one for one in found if one.arrived_at <= until]
    horizon = datetime.now(UTC) + _FUTURE
    for one in found:
        if one.arrived_at > horizon:
            left_out(one.name, f"it is dated {one.arrived_at:%Y-%m-%d}, in the future")
    return [one for one in found if one.arrived_at <= horizon]


def _span(letters: "Sequence[Letter]", since: datetime | None, until: datetime | None) -> "Span":
    from maildaemon.cli.simulation import Span

    first, last = letters[0].arrived_at, letters[-1].arrived_at
    begins = since or first
    ends = until or max(last, begins) + _AFTER_THE_LAST
    if ends < begins:
        raise click.UsageError("--until is before --since: nothing lies between them")
    return Span(begins, ends)


def _load(path: Path) -> "Settings":
    from maildaemon.settings import load_settings

    return load_settings(path)


def _simulate(
    settings: "Settings",
    mailbox: str | None,
    letters: "Sequence[Letter]",
    span: "Span",
    left_out: _LeftOut,
    progress: "Progress",
) -> "Simulated":
    from maildaemon.cli.bench import known_key
    from maildaemon.cli.simulation import simulate as let_it_happen
    from maildaemon.cli.simulation import whole_mailboxes

    chosen = (choose_mailbox(settings, mailbox),) if mailbox else whole_mailboxes(settings)
    key = known_key(settings.service.data_dir)
    return let_it_happen(settings, chosen, key, letters, span, left_out, progress)


def _put(one: "Simulated", *, as_json: bool) -> int:
    from maildaemon.cli.summary import put_summary, summary_as_object
    from maildaemon.cli.timeline import as_object, put_cases, zone_of

    if not as_json:
        put_cases(one)
        put_summary(one)
        return Exit.OK
    for told in one.told:
        put_json(as_object(told, zone_of(one, told.thread)))
    put_json(summary_as_object(one))
    return Exit.OK


def _put_differences(before: "Simulated", after: "Simulated", *, as_json: bool) -> int:
    from maildaemon.cli.differences import put_differences
    from maildaemon.domain.outcome import differences

    found = differences(before.told, after.told)
    if not put_differences(before, after, found, as_json=as_json):
        note("no difference")
    return Exit.OK
