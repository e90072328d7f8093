"""A mailbox full of old mail at the first start: silence, and then only what is really new.

python -m tests.campaigns.old_mailbox --messages 3000
"""

import argparse
import smtplib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log, judge_mailbox
from tests.campaigns.mails import SUPPORT, Mail, Writer, question
from tests.campaigns.records import Records
from tests.campaigns.table import Table, conclude
from tests.servers.process import HOST

_START_WITHIN = 300
_DONE_WITHIN = 120


def campaign(messages: int, seed: int, say: Callable[[str], None] = print) -> Table:
    """Deliver the past, start the daemon, then let two mails arrive; return what came of it."""
    with installed("old-mailbox") as (installation, sink):
        past = _deliver_the_past(installation, messages, seed)
        say(f"{messages} old messages lie in the mailbox")
        began = time.monotonic()
        installation.start()
        installation.wait_started(_START_WITHIN)
        started_in = time.monotonic() - began
        # Whatever the daemon would do about old mail, it would do it now.
        installation.wait_done(_DONE_WITHIN, still=5)
        sent_about_the_past = len(sink.accepted())

        asked = next(mail for mail in past[-messages // 10 :] if mail.must_be_acknowledged)
        reply = question(
            messages + 1, asked.person, Subject="Re: that", In_Reply_To=f"<{asked.message_id}>"
        )
        new = question(messages + 2, "somebody.new@customer.example")
        for mail in (reply, new):
            installation.account.deliver(mail.raw, sender=mail.person)
            recorded = partial(_is_recorded, installation.records, mail)
            installation.wait_done(_DONE_WITHIN, recorded)
        installation.stop()

        table = Table(f"old mailbox: {messages} messages before the first start, seed {seed}")
        table.fact("messages before the first start", messages)
        table.fact("first start took", f"{started_in:.1f} s")
        table.none("mails sent about them", sent_about_the_past)
        silence = _silence(installation.records, reply)
        table.promise(
            "silence about a reply to last week's conversation",
            silence,
            silence == "earlier_conversation",
            "earlier_conversation",
        )
        answered = [person for mail in sink.accepted() for person in mail.rcpt_to]
        table.none("mails to its sender", answered.count(reply.person))
        table.promise(
            "acknowledgements of a new mail",
            answered.count(new.person),
            new.person in answered,
            "1",
        )
        table.promise("mails sent in all", len(answered), len(answered) == 1, "1")
        judge_mailbox(table, installation.account.messages(), [*past, reply, new], {})
        judge_log(table, installation)
    return table


def _deliver_the_past(installation: Installation, messages: int, seed: int) -> list[Mail]:
    """Deliver mails whose Date lies up to 90 days back, oldest first, over one connection."""
    writer, random = Writer(seed), Random(f"past {seed}")
    now, past = datetime.now(UTC), []
    ages = sorted((random.uniform(2, 90) for _ in range(messages)), reverse=True)
    with smtplib.LMTP(HOST, installation.account.server.lmtp_port, timeout=20) as lmtp:
        for number, age in enumerate(ages, 1):
            mail = writer.write(number, (), date=now - timedelta(days=age))
            for _ in range(mail.times):
                lmtp.sendmail(mail.reverse_path, [SUPPORT], mail.raw)
            past.append(mail)
    return past


def _is_recorded(records: Records, mail: Mail) -> bool:
    return _silence(records, mail) is not None


def _silence(records: Records, mail: Mail) -> str | None:
    """Return the recorded reason for silence, "" if there is none, None if there is no record."""
    query = "SELECT coalesce(silence, '') FROM message WHERE message_id = ?"
    with records.open() as database:
        found = database.execute(query, (mail.message_id,)).fetchone()
    return found[0] if found else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.old_mailbox")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments())))
