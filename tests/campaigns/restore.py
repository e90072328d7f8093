"""What was lost comes back, and nobody gets a mail because of it.

The database is restored from an older backup; it is lost and made anew from mailbox and kept bytes;
the server numbers a whole mailbox anew; thousands of old mails are put into the live inbox.

python -m tests.campaigns.restore --part database --messages 200
python -m tests.campaigns.restore --part lost --messages 200
python -m tests.campaigns.restore --part renumbered --messages 20000
python -m tests.campaigns.restore --part bulk --messages 5000
"""

import argparse
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log, judge_mailbox, judge_records
from tests.campaigns.mails import SUPPORT, Mail, Writer, question
from tests.campaigns.records import Records
from tests.campaigns.table import Table, conclude
from tests.servers.process import HOST, wait_until
from tests.servers.sink import SmtpSink

_WITHIN = 600
_RENUMBERED_WITHIN = 300
_LONG = 3600
_STILL = 0.3


def restored(messages: int, seed: int) -> Table:
    """Put a backup in the place of a database that has gone on since."""
    with installed("restored") as (installation, sink):
        mails = _started(installation)
        writer = Writer(seed)
        mails += _deliver(installation, sink, writer, range(1, messages // 2 + 1))
        _wait_recorded(installation, mails)
        backup = installation.folder / "backup.db"
        installation.call("db", "backup", str(backup))
        # It gives a sign of life once a minute, and when it begins: the backup is older than that.
        installation.stop()
        installation.start()
        mails += _deliver(installation, sink, writer, range(messages // 2 + 1, messages + 1))
        _wait_recorded(installation, mails)
        installation.stop()
        before = Counter(person for mail in sink.accepted() for person in mail.rcpt_to)
        for suffix in ("", "-wal", "-shm"):
            database = installation.records.path
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        backup.rename(installation.records.path)

        installation.start()
        wait_until(lambda: installation.has_logged("brake.set"), _WITHIN, "a brake is on")
        # Dates of mails count seconds: what is written in the next one is surely new.
        on_since = time.time()
        wait_until(lambda: time.time() > on_since + 2, _WITHIN, "the second is over")
        held = _one_more(installation, mails, messages + 1)
        _wait_recorded(installation, mails, queued=True)
        reasons = [one["reason"] for one in installation.listing("status")[0]["brakes"]]
        under_the_brake = len(sink.accepted()) - before.total()
        installation.call("resume")
        wait_until(partial(_got, sink, held), _WITHIN, "what the brake held is sent")
        table = Table(_title("database restored", messages, seed))
        _judge_life(table, installation, sink, mails)
        installation.stop()

        table.fact("recorded when the backup was made", messages // 2)
        table.promise(
            "the brake tells why", reasons, any("restored" in one for one in reasons), "restored"
        )
        table.none("mails while the brake was on", under_the_brake)
        _judge(table, installation, sink, mails)
    return table


def lost(messages: int, seed: int) -> Table:
    """Lose the database, and make the records anew from the mailbox and the kept bytes."""
    with installed("lost") as (installation, sink):
        mails = _started(installation)
        mails += _deliver(installation, sink, Writer(seed), range(1, messages + 1))
        _wait_recorded(installation, mails)
        installation.stop()
        before = len(sink.accepted())
        known = _threads(installation)
        installation.records.path.write_bytes(b"this was a database once" * 100)

        refused, _, _ = installation.run("rebuild")
        began = time.monotonic()
        installation.call("rebuild", "--force")
        seconds = time.monotonic() - began
        code, out, _ = installation.run("audit", "--since", "2000-01-01")
        found = _threads(installation)
        installation.start()
        _wait_recorded(installation, mails, still=min(5, messages / 20))
        about_the_past = len(sink.accepted()) - before
        table = Table(_title("database lost, records made anew", messages, seed))
        _judge_life(table, installation, sink, mails)
        installation.stop()

        table.promise(
            "rebuild over a file that is there, without --force", refused, refused == 64, "64"
        )
        table.fact("rebuild took", f"{seconds:.1f} s")
        table.promise("audit of everything after it", f"code {code}", code == 0, "code 0")
        table.fact("it says", " ".join(out.decode().split()))
        # A copy that was filed in the last seconds before was not read then.
        table.fact("messages in conversations before, and after", f"{len(known)}, {len(found)}")
        table.none("in another conversation than before, or in none", known - found)
        table.none("mails about what was made anew", about_the_past)
        _judge(table, installation, sink, mails)
    return table


def renumbered(messages: int, seed: int) -> Table:
    """Let the server number a whole inbox anew, as after a migration."""
    with installed("renumbered") as (installation, sink):
        past = _lay(installation, messages, seed)
        mails = [*past, *_started(installation)]
        installation.stop()
        installation.begin("backfill", "--since", "2000-01-01")
        code = installation.wait_ended(_LONG)
        assert code == 0, f"backfill ended with {code}: see {installation.log}"
        before = _numbers(installation.records)
        installation.account.change_uidvalidity()
        there = sum(mail.times for mail in mails)

        began = time.monotonic()
        installation.start()
        noticed = partial(_are_others, installation.records, before)
        wait_until(noticed, _LONG, "the new numbers are noticed")
        wait_until(partial(_is_read, installation.records, there), _LONG, "all is read again")
        installation.wait_done(_LONG, still=_STILL)
        seconds = time.monotonic() - began
        brakes = [one["brake"] for one in installation.listing("status")[0]["brakes"]]
        installation.call("resume")
        table = Table(_title("mailbox numbered anew", messages, seed))
        sent = len(sink.accepted())
        _judge_life(table, installation, sink, mails)
        installation.stop()

        table.promise(
            "read again, recognised and done",
            f"{seconds:.1f} s",
            seconds <= _RENUMBERED_WITHIN,
            f"within {_RENUMBERED_WITHIN} s",
        )
        table.promise("brakes", brakes, "renumbered" in brakes, "renumbered")
        table.none("mails because of it", sent)
        _judge(table, installation, sink, mails)
    return table


def bulk(messages: int, seed: int) -> Table:
    """Put old mail into the live inbox, dated by the server as if it came now."""
    with installed("bulk") as (installation, sink):
        mails = _started(installation)
        before = len(sink.accepted())
        began = time.monotonic()
        old = _put_in(installation, messages, seed)
        mails += old
        _wait_recorded(installation, mails, still=min(5, messages / 20))
        seconds = time.monotonic() - began
        sent = [person for mail in sink.accepted()[before:] for person in mail.rcpt_to]
        brakes = [one["brake"] for one in installation.listing("status")[0]["brakes"]]
        installation.call("resume")
        _wait_recorded(installation, mails, still=min(5, messages / 20))
        resumed = [person for mail in sink.accepted()[before:] for person in mail.rcpt_to]
        # Nothing in them tells their age: Date cannot be read, and the server says "now".
        dateless = {mail.person for mail in old if b"\r\nDate: sometime " in mail.raw}
        table = Table(_title("old mail put into the live inbox", messages, seed))
        _judge_life(table, installation, sink, mails)
        installation.stop()

        table.fact("put in and recorded", f"{seconds:.1f} s")
        table.fact("brakes", ", ".join(brakes) or "none")
        table.fact("silences", _silences(installation.records))
        table.fact("of them without a Date that can be read", len(dateless))
        table.none("mails because of it", set(sent) - dateless)
        table.none("mails because of it after `resume`", set(resumed) - dateless)
        table.fact("mails about what has no Date", len(dateless.intersection(resumed)))
        _judge(table, installation, sink, mails)
    return table


PARTS: dict[str, Callable[[int, int], Table]] = {
    "database": restored,
    "lost": lost,
    "renumbered": renumbered,
    "bulk": bulk,
}


def _title(what: str, messages: int, seed: int) -> str:
    return f"{what}: {messages} messages, seed {seed}"


def _started(installation: Installation) -> list[Mail]:
    """Start the daemon for the first time; return what was delivered: nothing yet."""
    installation.start()
    installation.wait_started(_LONG)
    return []


def _deliver(
    installation: Installation, sink: SmtpSink, writer: Writer, numbers: Sequence[int]
) -> list[Mail]:
    """Deliver what customers write now."""
    done = []
    with smtplib.LMTP(HOST, installation.account.server.lmtp_port, timeout=20) as lmtp:
        for number in numbers:
            mail = writer.write(number, sink.accepted())
            for _ in range(mail.times):
                lmtp.sendmail(mail.reverse_path, [SUPPORT], mail.raw)
            done.append(mail)
    return done


def _lay(installation: Installation, messages: int, seed: int) -> list[Mail]:
    """Write what was there before the first start into the server's store."""
    past = _old_mails(messages, seed)
    top = f"Delivered-To: {SUPPORT}\r\n".encode()
    installation.account.lay((top + mail.raw, at) for mail, at in past for _ in range(mail.times))
    return [mail for mail, _ in past]


def _put_in(installation: Installation, messages: int, seed: int) -> list[Mail]:
    past = _old_mails(messages, seed)
    with smtplib.LMTP(HOST, installation.account.server.lmtp_port, timeout=20) as lmtp:
        for mail, _ in past:
            for _ in range(mail.times):
                lmtp.sendmail(mail.reverse_path, [SUPPORT], mail.raw)
    return [mail for mail, _ in past]


def _old_mails(messages: int, seed: int) -> list[tuple[Mail, datetime]]:
    writer, random, now = Writer(seed), Random(f"past {seed}"), datetime.now(UTC)
    ages = sorted((random.uniform(8, 700) for _ in range(messages)), reverse=True)
    dates = [now - timedelta(days=age) for age in ages]
    return [(writer.write(number, (), date=at), at) for number, at in enumerate(dates, 1)]


def _one_more(installation: Installation, mails: list[Mail], number: int) -> Mail:
    """Deliver a question of somebody new."""
    mail = question(number, f"new{number}@customer.example")
    installation.account.deliver(mail.raw, sender=mail.person)
    mails.append(mail)
    return mail


def _wait_recorded(
    installation: Installation,
    mails: Sequence[Mail],
    *,
    queued: bool = False,
    still: float = _STILL,
) -> None:
    """Wait until all that was delivered is recorded and everything is done; `queued`: what a brake
    holds may wait.
    """
    there = sum(mail.times for mail in mails)

    def recorded() -> bool:
        return _is_read(installation.records, there)

    if not queued:
        installation.wait_done(_WITHIN, recorded, still=still)
        return

    def decided() -> bool:
        installation.check_alive()
        return recorded() and not installation.records.left().inbound

    wait_until(decided, _WITHIN, "all that was delivered is recorded")


def _is_read(records: Records, messages: int) -> bool:
    """Tell whether so many messages of the inbox, as it is numbered now, stand in the journal."""
    query = (
        "SELECT count(*) FROM inbound JOIN folder ON folder.id = inbound.folder_id "
        "WHERE folder.role = 'inbox' AND folder.uidvalidity = inbound.uidvalidity"
    )
    with records.open() as database:
        return bool(database.execute(query).fetchone()[0] >= messages)


def _numbers(records: Records) -> int:
    """Return the UIDVALIDITY that the inbox is known by."""
    with records.open() as database:
        query = "SELECT uidvalidity FROM folder WHERE role = 'inbox'"
        number: int = database.execute(query).fetchone()[0]
    return number


def _are_others(records: Records, before: int) -> bool:
    return _numbers(records) != before


def _threads(installation: Installation) -> frozenset[tuple[str, str]]:
    """Return each conversation as (reference, Message-ID of a message in it)."""
    query = (
        "SELECT thread.reference, message.message_id FROM message "
        "JOIN thread ON thread.id = message.thread_id"
    )
    with installation.records.open() as database:
        return frozenset(database.execute(query).fetchall())


def _silences(records: Records) -> str:
    query = "SELECT coalesce(silence, 'answered'), count(*) FROM message WHERE kind = 'customer' GROUP BY 1 ORDER BY 2 DESC"
    with records.open() as database:
        return ", ".join(f"{count} {one}" for one, count in database.execute(query))


def _judge_life(
    table: Table,
    installation: Installation,
    sink: SmtpSink,
    mails: list[Mail],
) -> None:
    """Somebody new is acknowledged as ever."""
    mail = _one_more(installation, mails, 10**6)
    wait_until(partial(_got, sink, mail), _WITHIN, "a new customer is acknowledged")
    installation.wait_done(_WITHIN, still=_STILL)
    table.promise("a new customer is acknowledged", 1, True, "1")


def _got(sink: SmtpSink, mail: Mail) -> bool:
    return any(mail.person in one.rcpt_to for one in sink.accepted())


def _judge(table: Table, installation: Installation, sink: SmtpSink, mails: Sequence[Mail]) -> None:
    got = Counter(person for mail in sink.accepted() for person in mail.rcpt_to)
    table.fact("mails accepted by the SMTP server in all", got.total())
    table.none("somebody got two", [person for person, count in got.items() if count > 1])
    code, _, _ = installation.run("audit", "--since", "2000-01-01")
    table.promise("audit at the end", f"code {code}", code == 0, "code 0")
    inbox = installation.account.messages()
    judge_mailbox(table, inbox, mails, {})
    judge_records(table, installation, inbox)
    judge_log(table, installation)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.restore")
    parser.add_argument("--part", choices=[*PARTS], default="database")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _campaign(part: str, messages: int, seed: int) -> Table:
    return PARTS[part](messages, seed)


if __name__ == "__main__":
    conclude(lambda: _campaign(**vars(_arguments())))
