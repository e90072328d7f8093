"""`maildaemon attachments`: files that were held or refused."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.new_file import new_file, safe_name
from maildaemon.cli.output import (
    json_option,
    limit_option,
    mailbox_option,
    note,
    put_json,
    put_table,
    say,
    size_of,
    tell_cut,
)
from maildaemon.cli.records import nothing_like, reading
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs
from maildaemon.domain.attachments import Reason, Verdict

if TYPE_CHECKING:
    from maildaemon.adapters.sql.lines import FileLine


@click.group(
    cls=Verbs,
    epilog=examples(
        "maildaemon attachments list --held", "maildaemon attachments release 8 --to /tmp/look/"
    ),
)
def attachments() -> None:
    """Look at files that were held or refused, and take them out.

    A held file waits for a person to judge it; of a refused one the customer was told. Both are
    kept for `attachments.hold_days`.
    """


@attachments.command("list", epilog=examples("maildaemon attachments list --refused"))
@click.option("--held", is_flag=True, help="Only files that wait for a person.")
@click.option("--refused", is_flag=True, help="Only files that were refused.")
@mailbox_option
@limit_option
@json_option
@click.pass_obj
def list_files(
    invocation: Invocation,
    *,
    held: bool,
    refused: bool,
    mailbox: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List held and refused files, newest first.

    `reason` is the code that `explain` puts in words. A file that was taken out is marked as
    released; one whose bytes are gone (its time was over, or it was malware) as dropped.
    """
    wanted = {Verdict.HELD: held, Verdict.REFUSED: refused}
    verdicts = tuple(one for one, given in wanted.items() if given) or tuple(wanted)
    with reading(invocation) as listings:
        found = listings.files(verdicts, mailbox_name=mailbox, limit=limit or None)
    if as_json:
        for line in found:
            put_json(line)
        return
    put_table(
        ("ID", "RECEIVED", "FROM", "FILE", "TYPE", "SIZE", "VERDICT", "REASON"),
        (
            (
                one.id,
                one.received_at,
                one.from_address,
                one.filename,
                one.detected_type or one.declared_type,
                size_of(one.size),
                _told(one),
                one.reason,
            )
            for one in found
        ),
        wide=("FROM", "FILE", "TYPE", "REASON"),
    )
    tell_cut(len(found), limit, "files")


@attachments.command(
    epilog=examples(
        "maildaemon attachments release 8 --to /tmp/look/",
        "maildaemon attachments release 8 --to /tmp/photo.png",
    )
)
@click.argument("file_id", metavar="ID", type=int)
@click.option(
    "--to",
    "target",
    metavar="PATH",
    required=True,
    type=click.Path(path_type=Path),
    help="A file that does not exist yet, or a folder, which gives it the customer's name.",
)
@json_option
@click.pass_obj
def release(invocation: Invocation, *, file_id: int, target: Path, as_json: bool) -> None:
    """Write a held or refused file to disk, to look at with care.

    The name that the customer gave it is made harmless; nothing is ever overwritten, and the file
    can be read by you only (0600).
    """
    from maildaemon.adapters.blobs import FileBlobStore
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.sql.reading import open_existing
    from maildaemon.adapters.sql.release import note_release

    with reading(invocation) as listings:
        one = listings.file(file_id)
    if one is None:
        raise nothing_like("file", file_id, "maildaemon attachments list")
    _refuse_malware(one)
    settings = invocation.settings()
    try:
        content = FileBlobStore(settings.service.data_dir / "files").get(one.sha256)
    except KeyError:
        raise WrongRequestError(
            f"the bytes of file {file_id} are not kept any more",
            "the message in the mailbox may still have it",
        ) from None
    path = target / safe_name(one.filename) if target.is_dir() else target
    with new_file(path) as file:
        file.write(content)
    store = open_existing(settings.database.url)
    note_release(store, file_id, utc_now())
    store.close()
    if as_json:
        put_json({"file": file_id, "path": str(path.absolute())})
    else:
        say(str(path))
    if one.reason is not None:
        note(f"careful: it was {one.verdict} ({one.reason})")


def _told(one: "FileLine") -> str:
    if one.dropped_at:
        return f"{one.verdict} (dropped)"
    return f"{one.verdict} (released)" if one.released_at else one.verdict


def _refuse_malware(one: "FileLine") -> None:
    if one.reason == Reason.MALWARE:
        raise WrongRequestError(
            f"file {one.id} is malware: its bytes were dropped when it came, and nobody can take "
            "it out",
            "if you believe that the scanner was wrong, ask the sender for it in another form",
        )
