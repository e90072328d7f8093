"""Hands out what is kept of a person: readable by him, and by programs.

The layout of the pages (names within a zip) is part of the contract; docs/cli.md tells it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from maildaemon.domain.person import Personal, Row
from maildaemon.ports import BlobStore

VERSION = 1
_COUNTED = {
    "message": "messages",
    "attachment": "files",
    "outbox": "automatic mails",
    "event": "entries of the history",
}


def pages(
    personal: Personal,
    raw: BlobStore,
    files: BlobStore,
    name_of: Callable[[str], str],
    at: datetime,
) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of what is handed out. Bytes that are not kept any more are
    left out; `person.json` names them all the same. `name_of` makes a file's name harmless.
    """
    yield "README.txt", _readme(personal, at).encode()
    yield "person.json", _machine_readable(personal, at)
    for reference, text in _conversations(personal):
        yield f"conversations/{reference}.txt", text.encode("utf-8", "replace")
    for row in personal.of("message"):
        content = _kept(raw, row["raw_sha256"])
        if content is not None:
            yield f"{_folder(personal, row['id'], 'mails')}/{row['id']}.eml", content
    for row in personal.of("attachment"):
        content = _kept(files, row["sha256"])
        if content is not None:
            name = f"{row['message_id']}-{row['position']}-{name_of(row['filename'])}"
            yield f"{_folder(personal, row['message_id'], 'files')}/{name}", content
    for row in personal.of("outbox"):
        yield f"{_automatic_folder(personal, row)}/{row['id']}.eml", row["raw"]


def _folder(personal: Personal, message_id: int, his: str) -> str:
    return "others" if message_id in personal.others else his


def _automatic_folder(personal: Personal, row: Row) -> str:
    return "automatic" if row["recipient"].lower() in personal.addresses else "others/automatic"


def _kept(blobs: BlobStore, sha256: str | None) -> bytes | None:
    try:
        return None if sha256 is None else blobs.get(sha256)
    except KeyError:
        return None


def _machine_readable(personal: Personal, at: datetime) -> bytes:
    tables = {table: [_plain(row) for row in rows] for table, rows in personal.rows.items() if rows}
    told = {
        "version": VERSION,
        "exported_at": at.isoformat(),
        "addresses": personal.addresses,
        "others": sorted(personal.others),
        "mentioned_in": personal.mentioned,
        "tables": tables,
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _plain(row: Row) -> Mapping[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        # A mail of ours is a file of its own.
        if not isinstance(value, bytes)
    }


def _conversations(personal: Personal) -> Iterator[tuple[str, str]]:
    """Yield each conversation of his alone as text; under `shared` what he wrote, and was written,
    where there are other customers, or no conversation. What others wrote is only named.
    """
    references = {row["id"]: row["reference"] for row in personal.of("thread")}
    ours = {row["message_id"] for row in personal.of("outbox")}
    files: dict[int, list[Row]] = {}
    for row in personal.of("attachment"):
        files.setdefault(row["message_id"], []).append(row)
    said: dict[str, list[tuple[datetime, str]]] = {}
    for row in personal.of("message"):
        if row["message_id"] in ours:
            continue  # its copy in Sent
        reference = references.get(row["thread_id"], "shared")
        said.setdefault(reference, []).append(
            (row["received_at"], _message(personal, row, files.get(row["id"], ())))
        )
    for row in personal.of("outbox"):
        reference = references.get(row["thread_id"], "shared")
        said.setdefault(reference, []).append((row["queued_at"], _automatic(personal, row)))
    for reference, found in said.items():
        yield reference, "\n\n".join(text for _, text in sorted(found, key=lambda one: one[0]))


def _message(personal: Personal, row: Row, files: Sequence[Row]) -> str:
    if row["id"] in personal.others:
        return (
            f"{row['received_at']:%Y-%m-%d %H:%M} UTC, by somebody else (others/{row['id']}.eml)\n"
        )
    to = ", ".join(one["address"] for one in row["recipients"])
    when = f"{row['received_at']:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"{when}, {row['from_address']} to {to or 'us'} (message {row['id']})",
        f"Subject: {row['subject']}",
        *(f"File: {one['filename']} ({one['size']} bytes, {one['verdict']})" for one in files),
        "",
        row["reply_text"] or row["text"],
    ]
    return "\n".join(lines).rstrip() + "\n"


def _automatic(personal: Personal, row: Row) -> str:
    file = f"{_automatic_folder(personal, row)}/{row['id']}.eml"
    when = f"{row['queued_at']:%Y-%m-%d %H:%M} UTC"
    if not file.startswith("automatic"):
        return f"{when}, automatic mail to somebody else ({file})\n"
    what = ", ".join(row["sections"]) or row["kind"]
    return f"{when}, automatic mail to {row['recipient']}: {what} ({row['state']}, {file})\n"


def _readme(personal: Personal, at: datetime) -> str:
    others = len(personal.others)
    count = {table: len(rows) for table, rows in personal.rows.items()}
    held = ", ".join(f"{count[table]} {words}" for table, words in _COUNTED.items())
    told = [
        f"What is kept of {', '.join(personal.addresses)}, {at:%Y-%m-%d %H:%M} UTC",
        held,
        "",
        "  person.json     all of it, for programs",
        "  conversations/  the same mails, to be read",
        "  mails/          his mails and those to him, byte by byte, as far as they are still kept",
        "  others/         mails between others in conversations of his, with their files, and",
        "                  automatic mails to others, such as to staff or a supplier",
        "  files/          files that were sent, as far as they are still kept",
        "  automatic/      mails that maildaemon wrote in his conversations",
    ]
    if others:
        told += [
            "",
            f"Before this is handed out: {others} of the mails were written by somebody else, and",
            "not to him (others/). Whether he may have them is for you to judge; what stands in",
            "them stands in person.json too, under `message` with the numbers in `others`.",
        ]
    if personal.mentioned:
        told += [
            "",
            f"His address stands in {len(personal.mentioned)} more messages, not in here:",
            *(f"  maildaemon messages show {one}" for one in personal.mentioned),
        ]
    told += ["", "The mailbox itself is not looked into: his mails lie there as well."]
    return "\n".join(told) + "\n"
