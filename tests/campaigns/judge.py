"""Compares what the servers hold with what the daemon recorded and sent.

The servers are the judge: Dovecot's content over a connection of our own, and the sink's log of
what it accepted. The daemon's database is only ever the accused.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from hashlib import sha256
from typing import Any

from tests.campaigns.installation import Installation
from tests.campaigns.mails import Mail
from tests.campaigns.records import Records
from tests.campaigns.table import Table
from tests.servers.dovecot import Stored
from tests.servers.sink import Accepted

_NUMBER = re.compile(rb"^X-Mail-Number: (\d+)\r?$", re.MULTILINE)
_LOG_LINE = re.compile(r"\S+Z \[(\w+) *\] ([\w.]+)")


@dataclass(frozen=True, slots=True)
class Journal:
    """What the database says about one UID."""

    state: str
    record: int | None
    raw_sha256: str | None


def number_of(raw: bytes) -> int:
    """Return which mail of the campaign this is."""
    found = _NUMBER.search(raw)
    assert found, f"not a mail of the campaign: {raw[:200]!r}"
    return int(found[1])


def journal(records: Records, folder: str, mailbox: str = "support") -> dict[int, Journal]:
    """Return the journal of one folder by UID."""
    query = (
        "SELECT inbound.uid, inbound.state, inbound.message_id, inbound.raw_sha256 FROM inbound "
        "JOIN folder ON folder.id = inbound.folder_id "
        "JOIN mailbox ON mailbox.id = inbound.mailbox_id WHERE folder.name = ? AND mailbox.name = ?"
    )
    with records.open() as connection:
        return {row[0]: Journal(*row[1:]) for row in connection.execute(query, (folder, mailbox))}


def judge_records(
    table: Table, installation: Installation, inbox: Sequence[Stored], mailbox: str = "support"
) -> None:
    """Every message that the server holds is recorded once."""
    rows = journal(installation.records, "INBOX", mailbox)
    records: dict[int, set[int]] = defaultdict(set)
    lost, waiting, parked = [], [], []
    for stored in inbox:
        row = rows.get(stored.uid)
        number = number_of(stored.raw)
        if row is None or row.raw_sha256 != sha256(stored.raw).hexdigest():
            lost.append(f"UID {stored.uid} (mail {number})")
        elif row.state == "parked":
            parked.append(f"UID {stored.uid} (mail {number})")
        elif row.record is None:
            waiting.append(stored.uid)
        else:
            records[number].add(row.record)
    table.fact("messages in Dovecot's INBOX", len(inbox))
    table.fact("of them the same mail again", len(inbox) - len({number_of(i.raw) for i in inbox}))
    table.none("lost (in Dovecot, not recorded)", lost)
    doubled = [f"mail {number}" for number, ids in records.items() if len(ids) > 1]
    # A record that no journal row names would be a mail recorded once more than it exists.
    doubled += [f"record {one}" for one in _unnamed_records(installation.records)]
    table.none("doubled (recorded twice)", doubled)
    table.none("parked", parked)
    table.fact("recorded, under a dead daemon's claim", len(waiting))


def _unnamed_records(records: Records) -> list[int]:
    query = "SELECT id FROM message WHERE id NOT IN (SELECT message_id FROM inbound WHERE message_id IS NOT NULL)"
    with records.open() as connection:
        return [row[0] for row in connection.execute(query)]


def judge_mailbox(
    table: Table,
    inbox: Sequence[Stored],
    delivered: Sequence[Mail],
    flags: Mapping[int, frozenset[str]],
) -> None:
    """The mailbox is left alone: what was delivered lies there, with the flags people gave it."""
    wanted = Counter({mail.number: mail.times for mail in delivered})
    there = Counter(number_of(stored.raw) for stored in inbox)
    table.none("moved or vanished from INBOX", wanted - there)
    table.none("in INBOX without having been delivered", there - wanted)
    nothing: frozenset[str] = frozenset()
    changed = [
        f"UID {one.uid}: {sorted(one.flags)}"
        for one in inbox
        if one.flags != flags.get(one.uid, nothing)
    ]
    table.fact("flagged by the campaign's staff", len(flags))
    table.none("flags changed by the daemon", changed)


def judge_acknowledgements(
    table: Table,
    delivered: Sequence[Mail],
    accepted: Sequence[Accepted],
    outbox: Sequence[Mapping[str, Any]],
    *,
    unfinished: frozenset[str],
    files_sent: bool,
) -> None:
    """One acknowledgement for whom it is due, none for anybody else; doubts are told honestly.

    `unfinished` are the persons whose mail still lies under a claim or a doubt of a dead daemon.
    """
    due = {mail.person: mail for mail in delivered if mail.must_be_acknowledged}
    got = Counter(person for mail in accepted for person in mail.rcpt_to)
    unknown = {str(one["recipient"]) for one in outbox if one["state"] == "unknown"}
    missing = {person for person in due if not got[person]}

    table.fact("mails that must be acknowledged", len(due))
    table.fact("acknowledgements accepted by the sink", len(accepted))
    table.none("acknowledged twice", [person for person, count in got.items() if count > 1])
    table.none("acknowledged though they must not be", [one for one in got if one not in due])
    table.none("naming another mail than the one answered", _misdirected(due, accepted))
    table.fact("acknowledgements missing", len(missing))
    table.fact("of them unknown yet (claim or doubt not ended)", len(missing & unfinished))
    table.fact("of them listed as unknown", len(missing & unknown))
    table.none("missing and not listed", missing - unknown - unfinished)
    table.fact("listed as unknown by `outbox list`", len(unknown))
    table.fact("of them accepted all the same", len(unknown - missing))
    if files_sent:
        table.none("missing although the server files Sent", missing - unfinished)
    table.fact("sent once more for want of a witness", sum(one["resent"] for one in outbox))
    states = Counter(str(one["state"]) for one in outbox)
    table.fact("outbox by state", ", ".join(f"{n} {state}" for state, n in states.most_common()))


def _misdirected(due: Mapping[str, Mail], accepted: Sequence[Accepted]) -> list[str]:
    wrong = []
    for mail in accepted:
        [person] = mail.rcpt_to
        answered = due[person].message_id if person in due else None
        if answered and answered not in str(message_from_bytes(mail.raw)["In-Reply-To"]):
            wrong.append(person)
    return wrong


def judge_copies(
    table: Table,
    sent: Sequence[Stored],
    accepted: Sequence[Accepted],
    *,
    excused: frozenset[str],
) -> None:
    """Of what was accepted there is one copy in Sent, and of nothing else.

    `excused` are the recipients of mails that the daemon does not know to be accepted.
    """
    copies = Counter(message_from_bytes(one.raw)["Message-ID"].strip("<> ") for one in sent)
    ids = {mail.message_id: mail.rcpt_to[0] for mail in accepted}
    table.fact("copies in Sent", len(sent))
    table.none("copies doubled", [one for one, count in copies.items() if count > 1])
    table.none("copies of what was never accepted", set(copies) - set(ids))
    missing = [one for one, to in ids.items() if one not in copies and to not in excused]
    table.none("accepted without a copy", missing)


def judge_log(table: Table, installation: Installation) -> None:
    """No defect of the program came to light; and if a promise was broken, keep the evidence."""
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    for line in installation.log.read_text("utf-8", "replace").splitlines():
        if found := _LOG_LINE.match(line):
            levels[found[1]][found[2]] += 1
    for level in ("warning", "error"):
        events = ", ".join(f"{n} {event}" for event, n in levels[level].most_common())
        table.fact(f"log lines: {level}", events or "none")
    critical = [f"{event} ({n} times)" for event, n in levels["critical"].items()]
    table.none("log lines: critical", critical)
    installation.keep = bool(table.broken)
    if installation.keep:
        table.fact("kept for a look", installation.folder)


def unfinished_persons(
    records: Records, inbox: Sequence[Stored], mailbox: str = "support"
) -> frozenset[str]:
    """Return the senders and recipients of everything the queues still hold."""
    rows = journal(records, "INBOX", mailbox)
    persons = {
        address.lower()
        for stored in inbox
        if (row := rows.get(stored.uid)) and row.state == "waiting"
        for address in re.findall(rb"(?m)^From: .*<([^>]+)>", stored.raw)
    }
    with records.open() as connection:
        queued = connection.execute("SELECT recipient FROM outbox WHERE state = 'queued'")
        return frozenset({one.decode() for one in persons} | {row[0] for row in queued})


def unfiled_persons(records: Records) -> frozenset[str]:
    """Return the recipients whose copy in Sent is still to be filed, or will never be."""
    query = (
        "SELECT outbox.recipient FROM outbox LEFT JOIN settlement ON settlement.outbox_id = outbox.id "
        "WHERE outbox.state <> 'sent' OR settlement.state = 'waiting'"
    )
    with records.open() as connection:
        return frozenset(row[0] for row in connection.execute(query))
