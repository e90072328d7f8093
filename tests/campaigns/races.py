"""Staff answer in the very seconds in which a reminder is due: a person wins.

Each customer asks, is answered, and keeps silent until the reminder is due. About then a colleague
answers a second time, by APPEND to Sent, as a mail client does it. Whatever answer was complete two
seconds before the SMTP server accepted a reminder, that reminder was wrong. (It has a reminder of its
own, later.)

python -m tests.campaigns.races --races 200 --seed 1
"""

import argparse
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from random import Random

from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT, Mail, question
from tests.campaigns.table import Table, conclude
from tests.servers.process import wait_until
from tests.servers.sink import Accepted, SmtpSink

_PROMISED = timedelta(seconds=2)
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
    """When the second answer was in Sent, None if there was none."""

    race: Race
    answered_at: datetime | None


def campaign(
    races: int, seed: int, after: int = 60, gap: float = 3.0, say: Callable[[str], None] = print
) -> Table:
    """Run the whole campaign on servers of its own; return what came of it. `after`: seconds until
    a reminder is due; `gap`: seconds between two conversations.
    """
    random = Random(seed)
    plan = [_race(number, random) for number in range(1, races + 1)]
    with installed("races") as (installation, sink):
        installation.change("follow_up", [{"after": f"{after} seconds", "template": "follow_up"}])
        installation.start()
        installation.wait_started()
        runs = _run_all(installation, sink, plan, after, gap)
        say("every conversation has had its second answer")
        reminders = _reminders(sink, runs)
        # Their own reminders are still to come; nobody waits for those.
        installation.stop()

        table = Table(f"races: {races} conversations, seed {seed}, reminder after {after} s")
        _judge(table, runs, reminders, timedelta(seconds=after - 2))
        judge_log(table, installation)
    return table


def _race(number: int, random: Random) -> Race:
    mail = question(number, f"person{number}@customer.example")
    return Race(mail, None if number % _CONTROLS == 0 else random.uniform(-4, 3))


def _run_all(
    installation: Installation, sink: SmtpSink, plan: list[Race], after: int, gap: float
) -> list[Run]:
    tick = threading.Event()
    with ThreadPoolExecutor(64, thread_name_prefix="colleague") as colleagues:
        futures = []
        for race in plan:
            installation.check_alive()
            futures.append(colleagues.submit(_run, installation, sink, race, after))
            tick.wait(gap)
        return [future.result() for future in futures]


def _run(installation: Installation, sink: SmtpSink, race: Race, after: int) -> Run:
    mail, account, tick = race.mail, installation.account, threading.Event()
    account.deliver(mail.raw, sender=mail.person)
    wait_until(lambda: bool(_to(sink, mail)), 60, f"mail {mail.number} is acknowledged")
    # INTERNALDATE has whole seconds: on one of them the clock begins.
    begun = float(int(time.time()))
    account.file(_answer(mail, 1), "Sent", at=datetime.fromtimestamp(begun, UTC))
    if race.offset is None:
        wait_until(
            lambda: len(_to(sink, mail)) > 1, after + _REMINDED_WITHIN, "the reminder is sent"
        )
        return Run(race, None)
    tick.wait(max(begun + after + race.offset - time.time(), 0))
    account.file(_answer(mail, 2), "Sent")
    answered_at = datetime.now(UTC)
    # What was wrongly under way has time to show.
    tick.wait(15)
    return Run(race, answered_at)


def _answer(mail: Mail, number: int) -> bytes:
    message = EmailMessage()
    message["From"] = f"Support <{SUPPORT}>"
    message["To"] = mail.person
    message["Subject"] = "Re: your question"
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<answer.{mail.number}.{number}@colleague.example>"
    message["In-Reply-To"] = f"<{mail.message_id}>"
    message.set_content("It left us yesterday. Has it arrived by now?")
    return message.as_bytes(policy=SMTP)


def _to(sink: SmtpSink, mail: Mail) -> list[Accepted]:
    return [one for one in sink.accepted() if mail.person in one.rcpt_to]


def _reminders(sink: SmtpSink, runs: list[Run]) -> dict[int, list[datetime]]:
    """Return when the server accepted what besides the acknowledgement, by conversation."""
    return {run.race.mail.number: [one.at for one in _to(sink, run.race.mail)[1:]] for run in runs}


def _judge(
    table: Table, runs: list[Run], reminders: dict[int, list[datetime]], its_own: timedelta
) -> None:
    races = [run for run in runs if run.answered_at is not None]
    controls = [run for run in runs if run.answered_at is None]
    table.fact("races", len(races))
    table.fact("answered once only", len(controls))
    silent = [run.race.mail.number for run in controls if not reminders[run.race.mail.number]]
    table.none("of them not reminded", silent)
    wrong, close, sent = [], 0, 0
    for run in races:
        assert run.answered_at is not None
        for at in reminders[run.race.mail.number]:
            ahead = at - run.answered_at
            if ahead >= its_own:
                continue
            sent += 1
            close += timedelta(0) < ahead < _PROMISED
            if ahead >= _PROMISED:
                wrong.append(f"mail {run.race.mail.number}: {ahead.total_seconds():.2f} s too late")
    table.fact("reminded before the second answer, or within 2 s of it", sent - len(wrong))
    table.fact("of them after it", close)
    table.none("reminders although the answer stood in Sent for 2 s", wrong)
    twice = [run.race.mail.number for run in controls if len(reminders[run.race.mail.number]) > 1]
    table.none("reminded twice", twice)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.races")
    parser.add_argument("--races", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--after", type=int, default=60, help="seconds until a reminder is due")
    parser.add_argument("--gap", type=float, default=3.0, help="seconds between conversations")
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_arguments())))
