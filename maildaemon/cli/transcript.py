"""`maildaemon threads transcript`: a conversation for its customer."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maildaemon.cli.exits import WrongRequestError, user_name
from maildaemon.cli.in_force import tell_if_nothing_runs
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, note, plain, plain_text, put_json, say, wrapped
from maildaemon.cli.teach import examples
from maildaemon.cli.thread_verbs import bare, find_thread, line_of

if TYPE_CHECKING:
    from maildaemon.domain.transcript import Transcript
    from maildaemon.ports.store import Transaction

_STDOUT = Path("-")


@click.command(
    epilog=examples(
        "maildaemon threads transcript K7F3-Q2",
        "maildaemon threads transcript K7F3-Q2 --output conversation.txt",
        "maildaemon threads transcript K7F3-Q2 --output -",
    )
)
@click.argument("reference", metavar="REFERENCE")
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write it as text into this file (- for standard output); no draft is made.",
)
@json_option
@click.pass_obj
def transcript(invocation: Invocation, *, reference: str, path: Path | None, as_json: bool) -> None:
    """Put the conversation into Drafts, as a mail to its customer.

    What the customer wrote and what people here answered him, in order; never notes, automatic
    mails, mails among ourselves or with partners, or what other people wrote in it. The running
    daemon puts the draft into the mailbox within seconds, in every mode: look at it, then send it,
    or delete it, which undoes all.
    """
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.installation import read_key
    from maildaemon.adapters.sql.reading import open_existing
    from maildaemon.bootstrap import make_composer, make_desk
    from maildaemon.mail.compose_transcript import compose_transcript
    from maildaemon.services.transcript import queue_transcript

    settings = invocation.settings()
    composer, store = make_composer(settings), open_existing(settings.database.url)
    try:
        with store.read() as tx:
            thread = find_thread(tx, reference)
            found = _read(tx, thread.thread_id, thread.reference)
            mailbox = line_of(tx, thread.reference).mailbox
        worded = composer.word_transcript(found, settings.hours.timezone)
        if path is not None:
            _write(path, worded.as_text())
            return
        key = read_key(settings.service.data_dir)
        desk = make_desk(store, settings, choose_mailbox(settings, mailbox), key)
        with store.begin() as tx:
            outbox_id = queue_transcript(
                tx,
                desk,
                thread.thread_id,
                found,
                lambda draft: compose_transcript(draft, worded),
                user_name(),
                utc_now(),
            )
            line = line_of(tx, thread.reference)
        if outbox_id is None:
            raise WrongRequestError("it was asked for a second ago", "see: maildaemon outbox list")
    finally:
        store.close()
    folder = choose_mailbox(settings, mailbox).imap.drafts
    if as_json:
        put_json({"did": "transcript", "mail": outbox_id, "folder": folder, "thread": line})
        return
    where = f"the folder {folder}" if folder else "the folder of drafts"
    say(plain(f"{thread.reference}: a draft to {found.customer}, mail {outbox_id}"))
    say(wrapped(plain(f"    it lies in {where} of {mailbox} within seconds; nobody gets it"), 4))
    say("    to undo it: delete that draft")
    tell_if_nothing_runs(settings, "the draft is put there once one runs")


def _read(tx: "Transaction", thread_id: int, reference: str) -> "Transcript":
    found = tx.overview.transcript(thread_id)
    if found is None:
        raise WrongRequestError(
            f"in {bare(reference)} nothing was written between a customer and us",
            f"see: maildaemon threads show {bare(reference)}",
        )
    return found


def _write(path: Path, text: str) -> None:
    if path == _STDOUT:
        say(plain_text(text))
        return
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise WrongRequestError(
            f"{path} cannot be written: {error.strerror}", "name a file in a folder of yours"
        ) from error
    note(f"written: {path}")
