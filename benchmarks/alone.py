"""What ingest cannot beat, each alone in a process: the bare download, and mail-parser.

python -m benchmarks.alone download PORT USER PASSWORD CA_FILE SPOOL
python -m benchmarks.alone parse SPOOL

Prints one JSON object: the seconds it took, start of the interpreter not included.
"""

import gc
import json
import os
import ssl
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mailparser
from imapclient import IMAPClient

_BATCH_MESSAGES = 50
_BATCH_BYTES = 4 * 2**20
_LENGTH = struct.Struct(">Q")


def download(port: str, user: str, password: str, ca_file: str, spool: str) -> dict[str, object]:
    """Fetch the inbox over TLS in batches, as the daemon does, and do nothing with it.

    The messages are then written to `spool`, for whoever wants to look at them.
    """
    context = ssl.create_default_context(cafile=ca_file)
    messages: dict[int, bytes] = {}
    began, cpu = time.perf_counter(), time.process_time()
    with IMAPClient("localhost", port=int(port), ssl_context=context) as client:
        # By default it has imaplib format every literal for a log that nobody keeps.
        client._imap.debug = 0  # noqa: SLF001
        client.login(user, password)
        client.select_folder("INBOX", readonly=True)
        uids = client.search("ALL")
        sizes = {uid: one[b"RFC822.SIZE"] for uid, one in client.fetch(uids, "RFC822.SIZE").items()}
        for batch in _batches(sizes):
            found = client.fetch(batch, ["BODY.PEEK[]"])
            messages.update((uid, one[b"BODY[]"]) for uid, one in found.items())
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with Path(spool).open("wb") as file:
        file.writelines(
            _LENGTH.pack(len(messages[uid])) + messages[uid] for uid in sorted(messages)
        )
    return {"seconds": seconds, "cpu": cpu, "messages": len(messages)}


def parse(spool: str) -> dict[str, object]:
    """Parse the messages of a spool with mail-parser, on one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    messages = [*read_spool(Path(spool))]
    gc.collect()
    gc.freeze()
    began, cpu = time.perf_counter(), time.process_time()
    for raw in messages:
        mailparser.parse_from_bytes(raw)  # type: ignore[no-untyped-call]
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "messages": len(messages)}


def read_spool(spool: Path) -> Iterator[bytes]:
    """Yield the messages that a download has written, by UID."""
    with spool.open("rb") as file:
        while head := file.read(_LENGTH.size):
            yield file.read(*_LENGTH.unpack(head))


def _batches(sizes: dict[int, int]) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for uid in sorted(sizes):
        if batch and (len(batch) == _BATCH_MESSAGES or size + sizes[uid] > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(uid)
        size += sizes[uid]
    if batch:
        yield batch


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    print(json.dumps(download(*given) if what == "download" else parse(*given)))
