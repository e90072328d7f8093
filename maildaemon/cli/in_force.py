"""Whether a daemon works, and with what the file says by now."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from maildaemon import __version__
from maildaemon.cli.output import local, note
from maildaemon.domain.in_force import InForce
from maildaemon.domain.standing import Severity, Standing, Trouble

if TYPE_CHECKING:
    from maildaemon.settings import MailboxSettings, Settings


def is_running(settings: "Settings") -> bool | None:
    """Tell whether a daemon works; None if that cannot be seen."""
    from maildaemon.adapters.installation import is_held
    from maildaemon.adapters.sql.reading import sqlite_path
    from maildaemon.adapters.sql.servers import is_held_on

    url = settings.database.url
    return is_held(settings.service.data_dir) if sqlite_path(url) else is_held_on(url)


def tell_if_nothing_runs(settings: "Settings", what: str) -> None:
    """Say beside the result that no daemon works, and what that means."""
    if is_running(settings) is False:
        note(f"no daemon is running: {what} (maildaemon run)")


def known_in_force(settings: "Settings", noted: InForce | None) -> InForce | None:
    """Return what the running daemon has noted; None if it has not yet, but one before it had."""
    from maildaemon.adapters.installation import held_since
    from maildaemon.adapters.sql.reading import sqlite_path

    if noted is None or not sqlite_path(settings.database.url):
        return noted
    return noted if noted.since >= held_since(settings.service.data_dir) else None


def has_changed(settings: "Settings", in_force: InForce | None) -> bool | None:
    """Tell whether the file says something else than is in force; None if that is not known: a
    daemon on another machine has a file of its own, another version has other defaults.
    """
    from maildaemon.settings import fingerprint

    if in_force is None or in_force.version != __version__ or not _is_here(settings, in_force):
        return None
    return in_force.configuration != fingerprint(settings)


def trouble_with_the_file(
    settings: "Settings", mailbox: "MailboxSettings", standing: Standing, in_force: InForce | None
) -> Iterator[Trouble]:
    """Yield in what the daemon that works on a mailbox differs from the file."""
    if in_force is None:
        return
    mode, told = settings.mode_in_words(mailbox), f"it runs in {in_force.mode}"
    if standing.held_by and not _is_here(settings, in_force):
        if mode != in_force.mode:
            what = f"{told} on {standing.held_by.place}; the file here says {mode}"
            yield Trouble(Severity.ATTENTION, what, "correct one of the two files")
        return
    again = "end `maildaemon run` and start it again"
    if in_force.version != __version__:
        what = f"version {in_force.version} is running, and {__version__} is installed"
        yield Trouble(Severity.ATTENTION, what, again)
    elif has_changed(settings, in_force):
        what = "the configuration was changed since the daemon read it"
        if mode != in_force.mode:
            what = f"{told}; the file says {mode}"
        lock = shlex.quote(str(settings.service.data_dir / "lock"))
        advice = f"kill -HUP $(cat {lock}); in a terminal, {again}"
        if in_force.refused_at is not None:
            what += f" (a changed configuration was refused at {local(in_force.refused_at)})"
            advice = (
                "see the log (config.refused) and `maildaemon check`; once it can be used: "
                + advice
            )
        yield Trouble(Severity.ATTENTION, what, advice)


def _is_here(settings: "Settings", in_force: InForce) -> bool:
    from maildaemon.adapters.installation import is_home

    return in_force.home is None or is_home(settings.service.data_dir, in_force.home)
