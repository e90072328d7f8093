"""`maildaemon messages`: one recorded mail, and what was decided about it."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation
from maildaemon.cli.output import (
    json_option,
    mark,
    note,
    person,
    plain,
    plain_text,
    put_facts,
    put_json,
    say,
    size_of,
    word,
)
from maildaemon.cli.records import nothing_like, reading
from maildaemon.cli.teach import examples
from maildaemon.cli.verbs import Verbs
from maildaemon.cli.words import KINDS, REASONS, SILENCES, in_words, oddities

if TYPE_CHECKING:
    from maildaemon.adapters.sql.lines import (
        FileLine,
        MailLine,
        MessageLine,
        MessageTexts,
        PlaceLine,
    )


@click.group(cls=Verbs, epilog=examples("maildaemon messages show 17"))
def messages() -> None:
    """Look at recorded mails.

    Every mail that was seen is recorded, whatever it is; `threads show` lists the mails of a
    conversation with their numbers.
    """


@messages.command(
    epilog=examples(
        "maildaemon messages show 17",
        "maildaemon messages show '<CAB12@mail.example.org>'",
        "maildaemon messages show 17 --raw > mail.eml",
    )
)
@click.argument("name", metavar="ID|MESSAGE-ID")
@click.option("--raw", is_flag=True, help="Write the bytes as they came, and nothing else.")
@json_option
@click.pass_obj
def show(invocation: Invocation, *, name: str, raw: bool, as_json: bool) -> None:
    """Show one recorded mail, what was decided about it, and why.

    It is named by its number or by its Message-ID, as a mail client shows it in the source.
    """
    name = name.strip().strip("<>")
    with reading(invocation) as listings:
        found = listings.messages(name)
        if not found:
            raise nothing_like("message", name, "maildaemon threads list, threads show REFERENCE")
        one = found[0]
        texts = listings.texts(one.id)
        files = listings.files_of(one.id)
        mails = listings.mails_for(one.id)
        places = listings.places(one.id)
    if len(found) > 1:
        others = ", ".join(str(other.id) for other in found[1:])
        note(f"this is message {one.id}; others have the same Message-ID: {others}")
    if raw:
        _write_raw(invocation, one)
    elif as_json:
        put_json(_as_object(one, texts, files, mails, places))
    else:
        _put(one, texts, files, mails, places)


def _write_raw(invocation: Invocation, one: "MessageLine") -> None:
    from maildaemon.adapters.blobs import FileBlobStore

    folder = invocation.settings().service.data_dir / "raw"
    try:
        content = FileBlobStore(folder).get(one.raw_sha256 or "0" * 64)
    except KeyError:
        raise WrongRequestError(
            f"the bytes of message {one.id} are not kept any more",
            "the mailbox may still have it",
        ) from None
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _as_object(
    one: "MessageLine",
    texts: "MessageTexts",
    files: "list[FileLine]",
    mails: "list[MailLine]",
    places: "list[PlaceLine]",
) -> dict[str, object]:
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return {
        **fields,
        "text": texts.text,
        "reply_text": texts.reply_text,
        "files": files,
        "mails": mails,
        "places": places,
    }


def _about(understood: dict[str, Any]) -> Iterator[str]:
    """Yield what the message is about, as it was understood when it was recorded."""
    for name, value in understood.items():
        if name == "order_numbers":
            yield from (f"{one['name']} number: {one['number']}" for one in value)
        elif name == "faq":
            yield from (f"link: {one['url']}" for one in value)
        elif value and value != "normal":
            shown = ", ".join(value) if isinstance(value, list) else word(value)
            yield f"{name.replace('_', ' ')}: {shown}"


def _put(
    one: "MessageLine",
    texts: "MessageTexts",
    files: "list[FileLine]",
    mails: "list[MailLine]",
    places: "list[PlaceLine]",
) -> None:
    silence = f"none, {in_words(one.silence, SILENCES)}" if one.silence else None
    responses = [
        f"mail {mail.id}, {'+'.join(mail.sections or (mail.kind,))}: {mail.state}" for mail in mails
    ]
    put_facts(
        [
            ("message", one.id),
            ("id", one.message_id),
            ("mailbox", one.mailbox),
            *(("seen in", f"{place.folder}, UID {place.uid}, {place.state}") for place in places),
            ("thread", one.thread or "none"),
            ("matched by", f"{one.match}: {one.why_match}"),
            ("from", person(one.from_name, one.from_address)),
            *((who["field"], person(who["name"], who["address"])) for who in one.recipients),
            ("subject", one.subject),
            ("written", one.sent_at),
            ("received", one.received_at),
            ("recorded", one.recorded_at),
            ("size", size_of(one.size)),
            ("kind", in_words(one.kind, KINDS)),
            ("evidence", "; ".join(one.evidence) or None),
            ("language", one.language),
            *oddities(one.defects),
            *(("about", fact) for fact in _about(one.understood or {})),
            ("response", silence),
            *(("response", response) for response in responses),
        ]
    )
    for file in files:
        reason = f" {file.verdict}, {in_words(file.reason, REASONS)}" if file.reason else ""
        good = {"accepted": True, "refused": False}.get(file.verdict)
        what = f"{file.filename} ({file.detected_type or file.declared_type}, {size_of(file.size)})"
        say(f"{mark(good=good)} file {file.id}: {plain(what)}{reason}")
    say()
    say(plain_text(texts.text))
