"""Staff answer in the very seconds in which a reminder is due: a person wins.

Each customer asks, is answered, and keeps silent until the reminder is due. About then a colleague
answers a second time, by APPEND to Sent, as a mail client does it. Whatever answer was complete two
seconds before the SMTP server accepted a reminder, that reminder was wrong. Then the customer writes,
so that nothing more is due to him.

python -m tests.campaigns.races --races 200 --seed 1
"""

import argparse
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import cycle
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT, Mail, question
from tests.campaigns.table import Table, conclude
from tests.servers.process import wait_until
from tests.servers.sink import Accepted, SmtpSink

_PROMISED = 2.0
# Every tenth is answered once only: those must be reminded, or nothing was raced against.
_CONTROLS = 10
_REMINDED_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Race:
    """A conversation; `offset` is when the second answer begins, in seconds from when the reminder
    is due; None: there is none.
    """

    mail: Mail
    offset: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """When the second answer was in Sent, None if there was none, and when the server accepted what
    besides the acknowledgement.
    """

    race: Race
    answered_at: datetime | None
    reminded_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """A daemon with servers of its own: reminders are paced by mailbox, and none may wait for it."""

    installation: Installation
    sink: SmtpSink

    def got(self, mail: Mail) -> list[Accepted]:
        """Return what the server accepted for the customer of a conversation."""
        return [one for one in self.sink.accepted() if mail.person in one.rcpt_to]


def campaign(
    races: int,
    seed: int,
    shops: int = 8,
    after: int = 60,
    gap: float = 1.5,
    say: Callable[[str], None] = print,
) -> Table:
    """Run the whole campaign on servers of its own; return what came of it. `after`: seconds until
    a reminder is due; `gap`: seconds between two conversations.
    """
    random = Random(seed)
    plan = [_race(number, random) for number in range(1, races + 1)]
    with ExitStack() as stack:
        open_ones = [_open_shop(stack, after) for _ in range(shops)]
        runs = _run_all(open_ones, plan, after, gap)
        say("every conversation is over")
        for shop in open_ones:
            shop.installation.stop()

        table = Table(
            f"races: {races} conversations, {shops} shops, seed {seed}, reminder after {after} s"
        )
        _judge(table, runs)
        for shop in open_ones:
            judge_log(table, shop.installation)
    return table


def _open_shop(stack: ExitStack, after: int) -> Shop:
    installation, sink = stack.enter_context(installed("races"))
    installation.change("follow_up", [{"after": f"{after} seconds", "template": "follow_up"}])
    installation.start()
    installation.wait_started()
    return Shop(installation, sink)


def _race(number: int, random: Random) -> Race:
    mail = question(number, f"person{number}@customer.example")
    return Race(mail, None if number % _CONTROLS == 0 else random.uniform(-3, 6))


def _run_all(shops: list[Shop], plan: list[Race], after: int, gap: float) -> list[Run]:
    tick = threading.Event()
    with ThreadPoolExecutor(128, thread_name_prefix="colleague") as colleagues:
        futures = []
        for race, shop in zip(plan, cycle(shops)):
            shop.installation.check_alive()
            futures.append(colleagues.submit(_run, shop, race, after))
            tick.wait(gap)
        return [future.result() for future in futures]


def _run(shop: Shop, race: Race, after: int) -> Run:
    mail, account, tick = race.mail, shop.installation.account, threading.Event()
    account.deliver(mail.raw, sender=mail.person)
    wait_until(lambda: bool(shop.got(mail)), 60, f"mail {mail.number} is acknowledged")
    # INTERNALDATE has whole seconds: on one of them the clock begins.
    begun = float(int(time.time()))
    account.file(answer(mail, 1), "Sent", at=datetime.fromtimestamp(begun, UTC))
    answered_at = None
    if race.offset is None:
        wait_until(
            lambda: len(shop.got(mail)) > 1,
            after + _REMINDED_WITHIN,
            f"the reminder of {mail.number} is sent",
        )
    else:
        tick.wait(max(begun + after + race.offset - time.time(), 0))
        account.file(answer(mail, 2), "Sent")
        answered_at = datetime.now(UTC)
    # What is wrongly under way has time to show.
    tick.wait(min(15, after / 2))
    reminded_at = tuple(one.at for one in shop.got(mail)[1:])
    # Of what he was answered last he need not be reminded: others would have to wait for it.
    account.deliver(_reply(mail), sender=mail.person)
    return Run(race, answered_at, reminded_at)


def answer(mail: Mail, number: int) -> bytes:
    """Return what a colleague writes to the customer of a conversation, for the n-th time."""
    message = EmailMessage()
    message["From"] = f"Support <{SUPPORT}>"
    message["To"] = mail.person
    message["Subject"] = "Re: your question"
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<answer.{mail.number}.{number}@colleague.example>"
    message["In-Reply-To"] = f"<{mail.message_id}>"
    message.set_content("It left us yesterday. Has it arrived by now?")
    return message.as_bytes(policy=SMTP)


def _reply(mail: Mail) -> bytes:
    message = EmailMessage()
    message["From"] = mail.person
    message["To"] = SUPPORT
    message["Subject"] = "Re: your question"
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<reply.{mail.number}@customer.example>"
    message["References"] = f"<{mail.message_id}>"
    message.set_content("Not yet. Could you ask the carrier?")
    return message.as_bytes(policy=SMTP)


def _judge(table: Table, runs: list[Run]) -> None:
    races = [run for run in runs if run.answered_at is not None]
    controls = [run for run in runs if run.answered_at is None]
    table.fact("races", len(races))
    table.fact("answered once only", len(controls))
    table.none("of them not reminded", [_number(run) for run in controls if not run.reminded_at])
    ahead = {
        _number(run): (at - run.answered_at).total_seconds()
        for run in races
        if run.answered_at is not None
        for at in run.reminded_at
    }
    table.fact("reminded before the second answer", sum(by <= 0 for by in ahead.values()))
    table.fact("reminded less than 2 s after it", sum(0 < by < _PROMISED for by in ahead.values()))
    table.fact("not reminded", sum(not run.reminded_at for run in races))
    wrong = [f"mail {one}: {by:.2f} s after" for one, by in ahead.items() if by >= _PROMISED]
    table.none("reminders although the answer stood in Sent for 2 s", wrong)
    twice = [_number(run) for run in runs if len(run.reminded_at) > 1]
    table.none("reminded twice", twice)


def _number(run: Run) -> int:
    return run.race.mail.number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.races")
    parser.add_argument("--races", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shops", type=int, default=8, help="daemons at work at the same time")
    parser.add_argument("--after", type=int, default=60, help="seconds until a reminder is due")
    parser.add_argument("--gap", type=float, default=1.5, help="seconds between conversations")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments())))
