"""Whether a daemon works, and with what the file says by now."""

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from maildaemon import __version__
from maildaemon.cli.output import note
from maildaemon.domain.in_force import InForce
from maildaemon.domain.standing import Standing, Written

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


def as_it_runs(settings: "Settings", standing: Standing, running: bool | None) -> Standing:
    """Return the standing without what only a daemon has noted that works no more. `running` as
    `is_running` tells it.
    """
    from maildaemon.adapters.installation import held_since
    from maildaemon.adapters.sql.reading import sqlite_path

    if not running:
        return replace(standing, in_force=None, began_at=None)
    if not sqlite_path(settings.database.url):
        return standing
    since = held_since(settings.service.data_dir)
    if standing.in_force is not None and standing.in_force.since >= since:
        return standing
    # The present one has not come so far yet; nor has it been let in anywhere.
    return replace(standing, in_force=None, began_at=since)


def read_written(
    settings: "Settings", mailbox: "MailboxSettings", in_force: InForce | None
) -> Written:
    """Return what the file here says of a mailbox, to be held against what is in force."""
    from maildaemon.adapters.installation import is_home
    from maildaemon.settings import fingerprint

    data_dir, home = settings.service.data_dir, in_force.home if in_force else None
    return Written(
        settings.mode_in_words(mailbox),
        fingerprint(settings),
        __version__,
        home is None or is_home(data_dir, home),
        f"kill -HUP $(cat {shlex.quote(str(data_dir / 'lock'))})",
    )
