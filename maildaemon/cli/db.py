"""`maildaemon db`: the database itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import Exit
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json, say, size_of
from maildaemon.cli.progress import show_progress
from maildaemon.cli.teach import examples
from maildaemon.errors import OperatorError

if TYPE_CHECKING:
    from maildaemon.settings import Settings


@click.group(epilog=examples("maildaemon db backup /backup/maildaemon.db", "maildaemon db check"))
def db() -> None:
    """Back up, check and upgrade the database.

    It holds the records and the queues. The bytes of the mails and files lie beside it in the
    data folder.
    """


@db.command(epilog=examples("maildaemon db backup before.db && maildaemon db upgrade"))
@json_option
@click.pass_obj
def upgrade(invocation: Invocation, *, as_json: bool) -> None:
    """Bring the database to the schema of this version.

    Stop the daemon first, and make a backup: there is no way back. A database that is current is
    left alone; one that does not exist is made. It is one transaction: broken off, it has not
    happened.
    """
    settings = invocation.settings()

    from maildaemon.adapters.installation import only_one
    from maildaemon.adapters.sql.schema import revisions, upgrade
    from maildaemon.adapters.sql.store import SqlStore

    with only_one(settings.service.data_dir), show_progress("steps") as progress:
        store = SqlStore(settings.database.url)
        before, needed = revisions(store.engine)
        if before != needed:
            upgrade(store.engine, progress=lambda done, all_: progress("upgraded", done, all_))
        store.close()
    if as_json:
        put_json({"changed": before != needed, "before": before, "revision": needed})
    elif before == needed:
        say(f"the database is current (revision {needed})")
    else:
        say(f"the database has come from revision {before or 'none'} to {needed}")


@db.command(epilog=examples("maildaemon db check"))
@json_option
@click.pass_obj
def check(invocation: Invocation, *, as_json: bool) -> int:
    """Read the whole database and say whether it is sound.

    May be done while the daemon runs. A large database takes a while. Ends with 78 if it is
    damaged.
    """
    settings = invocation.settings()

    from maildaemon.adapters.sql.backup import find_damage
    from maildaemon.adapters.sql.reading import newest_revision, open_reading

    path = _path(settings)
    open_reading(settings.database.url).close()
    damage = find_damage(path)
    if as_json:
        put_json({"sound": not damage, "revision": newest_revision(), "damage": damage})
        return Exit.CONFIG if damage else Exit.OK
    if damage:
        raise OperatorError(
            "the database is damaged: " + "; ".join(damage),
            where=str(path),
            advice="stop the daemon, and restore the last backup; the mailbox still has all mail",
        )
    say(f"the database is sound (revision {newest_revision()})")
    return Exit.OK


@db.command(epilog=examples("maildaemon db backup /backup/maildaemon-$(date +%F).db"))
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(invocation: Invocation, *, target: Path, as_json: bool) -> None:
    """Write a copy of the database, also while the daemon runs.

    It shows one moment, and keeps nobody from working meanwhile. FILE must not exist. The data
    folder (key, bytes of mails and files) belongs to the backup too: copy it after the database,
    with any tool.
    """
    settings = invocation.settings()

    from maildaemon.adapters.sql.backup import back_up

    source = _path(settings)
    with show_progress("pages") as progress:
        size = back_up(source, target, lambda done, total: progress("copied", done, total))
    if as_json:
        put_json({"file": str(target.absolute()), "size": size})
    else:
        say(f"wrote {target} ({size_of(size)})")
    note(f"back up the data folder as well, now: {settings.service.data_dir}")


def _path(settings: "Settings") -> Path:
    from maildaemon.adapters.sql.reading import require_database, sqlite_path

    require_database(settings.database.url)
    path = sqlite_path(settings.database.url)
    if path is None:
        raise OperatorError(
            "this is done with the tools of the database server", where="database.url"
        )
    return path
