"""A year of a shop's mail, made up, and how long `simulate` takes for it.

python -m benchmarks.year [--messages 5000] [--seed 1] [--shop jewellery] [--keep FOLDER]

The mix is that of a shop whose staff do their work. Of a hundred mails that customers wait with, 96
are answered after a day or so, 3.6 only days after everybody was reminded of them, 0.4 by telephone,
which no mail shows; after an answer 45 of a hundred customers say nothing more. Of a hundred
conversations two begin with a complaint: such a one is staff's until they say that it is settled,
and again no mail shows when. So about three of a hundred cases stay open to the end of the year,
and are told of every few days: that is three fifths of all that staff get. Of a hundred mails two
are advertising.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random

from maildaemon.settings import load_settings
from maildaemon.shipped import shipped

_BEGIN = datetime(2026, 1, 1, 8, tzinfo=UTC)
_YEAR = timedelta(days=365)
_ABOUT = (
    ("My order EJ-{n}", "I ordered EJ-{n} two weeks ago. Where is it? Nothing has come yet."),
    ("Broken on arrival", "My order EJ-{n} arrived damaged, the clasp is broken. What can I do?"),
    ("Return", "I would like to return the ring of order EJ-{n}. How does that work?"),
    ("Wrong address", "I typed the wrong address for order EJ-{n}. Can you change it, please?"),
    ("A question about a necklace", "Is the silver necklace with the blue stone in stock again?"),
    ("Ring size", "Which ring size do I need if my finger is 17 mm across, and can I exchange?"),
    ("My account", "I cannot log in any more, and the link to a new password does not work. Help?"),
)
_COMPLAINT = ("Complaint", "This is a complaint about EJ-{n}: for weeks I have heard nothing. Why?")
_COMPLAINS, _FORGOTTEN, _NEVER_ANSWERED, _SILENT = 0.02, 0.036, 0.004, 0.45
_ANSWERS = (
    "Thank you for waiting. It left us yesterday; you should have it by Friday. Has it come?",
    "I am sorry about that. Would you send us a photograph, please? We will replace it.",
    "Of course. I enclose the label; may I ask you to tell us when it is on its way?",
)
_REPLIES = (
    "It has not come yet. Could you look into it once more, please?",
    "Here is what you asked for. What happens now?",
    "Thank you very much!",
    "That does not help me. I want my money back. When do I get it?",
)
_OURS = "Example Jewellers <care@jeweller.example>"
_QUOTED = "\n\nOn that day you wrote:\n> {text}\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, when it was sent, and whether one of us wrote it."""

    at: datetime
    raw: bytes
    ours: bool


def year(messages: int, seed: int) -> list[Mail]:
    """Return so many mails of one year, in order; the same for the same seed."""
    dice = Random(seed)
    made: list[Mail] = []
    while len(made) < messages:
        made += _newsletter(dice, len(made)) if dice.random() < 0.08 else _talk(dice, len(made))
    return sorted(made[:messages], key=lambda one: one.at)


def _moment(dice: Random) -> datetime:
    return _BEGIN + timedelta(seconds=round(dice.random() * _YEAR.total_seconds()))


def _talk(dice: Random, number: int) -> Iterator[Mail]:
    """Yield a conversation: questions, answers after hours or days, or none."""
    at = _moment(dice)
    name = f"customer{number}"
    who = f"{name.title()} <{name}@mail{dice.randrange(40)}.example>"
    about = _COMPLAINT if dice.random() < _COMPLAINS else dice.choice(_ABOUT)
    subject, text = (part.format(n=dice.randrange(10**5, 10**6)) for part in about)
    ids = [f"{number}.0@{name}.example"]
    yield _mail(at, who, _OURS, subject, text, ids)
    for turn in range(1, 8):
        ours = turn % 2 == 1
        chance = dice.random()
        if chance < (_NEVER_ANSWERED if ours else _SILENT):
            return  # nobody writes any more
        if ours and chance < _NEVER_ANSWERED + _FORGOTTEN:
            at += timedelta(days=dice.uniform(5, 12))
        at += timedelta(hours=dice.expovariate(1 / (22 if ours else 30)), minutes=5)
        said = dice.choice(_ANSWERS if ours else _REPLIES)
        ids.append(f"{number}.{turn}@{'jeweller' if ours else name}.example")
        sender, to = (_OURS, who) if ours else (who, _OURS)
        body = said + _QUOTED.format(text=text)
        yield _mail(at, sender, to, f"Re: {subject}", body, ids)
        text = said


def _newsletter(dice: Random, number: int) -> Iterator[Mail]:
    ids = [f"{number}@news.example"]
    more = {"List-Unsubscribe": "<https://news.example/stop>", "Precedence": "bulk"}
    yield _mail(_moment(dice), "News <news@news.example>", _OURS, "Offers", "Buy now.", ids, **more)


def _mail(
    at: datetime, sender: str, to: str, subject: str, text: str, ids: list[str], **more: str
) -> Mail:
    message = EmailMessage()
    ours = sender == _OURS
    if not ours:
        address = sender.partition("<")[2].rstrip(">")
        message["Return-Path"] = f"<{address}>"
        message["Received"] = (
            f"from mx.example by mail.jeweller.example; {at:%a, %d %b %Y %H:%M:%S} +0000"
        )
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = at, f"<{ids[-1]}>"
    if len(ids) > 1:
        message["In-Reply-To"] = f"<{ids[-2]}>"
        message["References"] = " ".join(f"<{one}>" for one in ids[:-1])
    for name, value in more.items():
        message[name] = value
    message.set_content(text)
    return Mail(at, message.as_bytes(), ours)


def write_mboxes(folder: Path, mails: list[Mail]) -> None:
    """Write what customers sent into `inbox.mbox`, and our answers into `sent.mbox`."""
    for name, ours in (("inbox.mbox", False), ("sent.mbox", True)):
        with (folder / name).open("wb") as file:
            for one in mails:
                if one.ours is ours:
                    quoted = one.raw.replace(b"\nFrom ", b"\n>From ")
                    file.write(b"From - %s\n%s\n" % (f"{one.at:%c}".encode(), quoted))


def main() -> int:
    given = _arguments()
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        write_mboxes(folder, year(given.messages, given.seed))
        config = shipped("config") / "shops" / f"{given.shop}.yaml"
        load_settings(config)
        command = [sys.executable, "-m", "maildaemon", "--config", str(config), "simulate"]
        began = time.perf_counter()
        done = subprocess.run(
            [*command, "--json", str(folder)], stdout=subprocess.PIPE, check=True, text=True
        )
        seconds = time.perf_counter() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    summary = events.pop()
    print(f"{given.messages} messages of a year, seed {given.seed}, shop {given.shop}:")
    print(f"  {seconds:.1f} s, {spent.ru_utime + spent.ru_stime:.1f} s of processor time,")
    print(f"  {spent.ru_maxrss / 1024:.0f} MB at most in one process; {len(events)} events")
    for key in ("messages", "conversations", "promises", "sent", "staff_warned", "escalated"):
        print(f"  {key}: {summary[key]}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shop", default="jewellery")
    parser.add_argument("--keep", type=Path, help="write the mail into this folder, and leave it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
