"""`maildaemon db`: the database itself."""

from contextlib import closing
from pathlib import Path

import click

from maildaemon.cli.exits import Exit, WrongRequestError
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import json_option, note, put_json, say, size_of
from maildaemon.cli.progress import show_progress
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs
from maildaemon.errors import OperatorError


@click.group(
    cls=Verbs, epilog=examples("maildaemon db backup /backup/maildaemon.db", "maildaemon db check")
)
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
    happened. On MariaDB, which takes no change of a table back, the backup must be brought back
    then.
    """
    settings = invocation.settings()

    from maildaemon.adapters.sql.schema import revisions, upgrade
    from maildaemon.adapters.sql.store import SqlStore
    from maildaemon.locks import alone

    with alone(settings), show_progress("steps") as progress:
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
    """Say whether the database is sound and its tables are ours.

    May be done while the daemon runs. An SQLite file is read from end to end, which takes a while
    if it is large; a server watches over its own files. Ends with 78 if it is damaged.
    """
    settings = invocation.settings()

    from maildaemon.adapters.sql.backup import find_damage
    from maildaemon.adapters.sql.reading import newest_revision, open_reading, place_of, sqlite_path
    from maildaemon.adapters.sql.schema import find_differences

    url = settings.database.url
    with closing(open_reading(url)) as store:
        path = sqlite_path(url)
        damage = (find_damage(path) if path else ()) or find_differences(store.engine)
    if as_json:
        put_json({"sound": not damage, "revision": newest_revision(), "damage": damage})
        return Exit.CONFIG if damage else Exit.OK
    if damage:
        raise OperatorError(
            "the database is damaged: " + "; ".join(damage),
            where=place_of(url),
            advice="stop the daemon, and restore the last backup; without one: maildaemon rebuild",
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

    On PostgreSQL this runs pg_dump, which must be installed; pg_restore brings the file back. On
    MariaDB it is mariadb-dump; `mariadb DATABASE <FILE` brings it back.
    """
    settings = invocation.settings()

    from maildaemon.adapters.sql.backup import back_up, dump
    from maildaemon.adapters.sql.reading import require_database, sqlite_path

    require_database(settings.database.url)
    if target.exists():
        raise WrongRequestError(
            f"{target}: there is a file already", "name one that does not exist"
        )
    source = sqlite_path(settings.database.url)
    if source is None:
        size = dump(settings.database.url, target)
    else:
        with show_progress("pages") as progress:
            size = back_up(source, target, lambda done, total: progress("copied", done, total))
    if as_json:
        put_json({"file": str(target.absolute()), "size": size})
    else:
        say(f"wrote {target} ({size_of(size)})")
    note(f"back up the data folder as well, now: {settings.service.data_dir}")
