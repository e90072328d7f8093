"""The stages of ingest one after the other in one thread: where its time would go without overlap.

python -m benchmarks.stages CONFIG MESSAGES

The same services as in the daemon read and process the inbox, timed from outside: the whole of it
where no daemon has been, else what is new. Prints one JSON object: seconds by stage, and statements
by step.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.stopwatch import Stopwatch, Timed, TimedStore
from maildaemon.adapters.clock import utc_now
from maildaemon.adapters.log import set_up_log
from maildaemon.bootstrap import make_desk, make_mailbox, open_tools
from maildaemon.domain.decide import decide
from maildaemon.domain.reading import Reading
from maildaemon.ports import Mailbox, Role
from maildaemon.ports.store import Store
from maildaemon.services import conclude, process, receive
from maildaemon.services.folders import WATCHED
from maildaemon.settings import load_settings

_ASKING = frozenset(
    "find is_earlier holds_id lookups find_sent first_look sender_responses_at "
    "sender_language recent_from reference_free".split()
)


def main(config: str, messages: int) -> dict[str, Any]:
    settings = load_settings(Path(config))
    [account] = settings.mailboxes
    set_up_log(json_lines=False, level="info")
    watch, statements = Stopwatch(), Counter[str]()
    step = "start"
    with open_tools(settings) as tools:
        desk = make_desk(tools.store, settings, account, tools.key)
        mailbox = make_mailbox(settings, account)
        _begin_at_the_first(tools.store, mailbox, desk.mailbox_id)

        @event.listens_for(tools.store.engine, "before_cursor_execute")
        def _count(*_: Any) -> None:
            statements[step] += 1

        blobs: Any = Timed(
            watch, tools.blobs, lambda name: "blobs" if name == "put_all" else "files"
        )
        files: Any = Timed(watch, tools.files, lambda _: "files")
        parser: Any = Timed(watch, tools.parser, lambda _: "parse")
        composer: Any = Timed(watch, tools.composer, lambda _: "compose")
        imap: Any = Timed(watch, mailbox, lambda _: "fetch")
        vars(conclude)["decide"] = watch.timed("decide", decide)
        tools.parser.parse(b"Subject: warm\r\n\r\n", Reading())
        step = "receive"
        journal: Any = TimedStore(watch, tools.store, lambda _: "journal")
        with watch.stage("rest"):
            receive.receive_new(journal, imap, blobs, desk, utc_now)
        mailbox.close()
        step = "process"
        store: Any = TimedStore(watch, tools.store, _stage_of_processing)
        taken = 0
        with watch.stage("rest"):
            while count := _process(
                process.Batch(store, parser, composer, blobs, files, desk, utc_now)
            ):
                taken += count
    assert taken == messages, f"{taken} messages were processed, not {messages}"
    return {"seconds": dict(watch.seconds), "statements": dict(statements)}


def _process(batch: process.Batch) -> int:
    """Process one batch; return how many messages were in it."""
    taken = batch.take()
    batch.read()
    batch.conclude()
    return taken


def _stage_of_processing(method: str) -> str:
    if method == "claim_due":
        return "claim"
    return "context" if method in _ASKING else "records"


def _begin_at_the_first(store: Store, mailbox: Mailbox, mailbox_id: int) -> None:
    """Do as if the first start had found an empty inbox, unless there has been one."""
    with store.read() as tx:
        if tx.mailboxes.get(mailbox_id).started_at is not None:
            return
    for name in mailbox.folders():
        if name.role in WATCHED:
            state = mailbox.examine(name.name)
            begin = 0 if name.role is Role.INBOX else (state.uidnext or 1) - 1
            with store.begin() as tx:
                tx.mailboxes.set_cursor(mailbox_id, name.name, name.role, state.uidvalidity, begin)
    with store.begin() as tx:
        tx.mailboxes.started(mailbox_id, utc_now())


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
