"""The model: what may happen to a mailbox and its daemons in any order, as rules for hypothesis."""

import os
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from maildaemon.errors import MailboxUnavailableError
from tests.model.daemons import STEPS
from tests.model.world import ALL, PEOPLE, ROBOTS, WATCHED, World

_PLACES = st.integers(0, 30)
_EFFECTS = st.integers(1, 25)
_FLAGS = ("\\Seen", "\\Flagged")
_CALLS = ("examine", "list_after", "fetch", "folders", "append")
_FAULTS = (
    ("CONNECT", "drop"),
    ("AUTH", "535 5.7.8 bad credentials"),
    ("MAIL", "421 4.3.2 closing"),
    ("MAIL", "451 4.3.0 try later"),
    ("RCPT", "450 4.2.1 greylisted"),
    ("RCPT", "550 5.1.1 no such user"),
    ("DATA", "drop"),
    ("DOT", "451 4.3.0 try later"),
    ("DOT", "554 5.7.1 refused"),
    ("DOT", "drop"),
    ("DOT", "accept_then_drop"),
)


class MailboxMachine(RuleBasedStateMachine):
    """Customers, programs, staff, servers, two daemons, time: one of them acts at a time."""

    counts: ClassVar[Counter[str]] = Counter()

    @initialize(files_sent=st.booleans())
    def begin(self, files_sent: bool) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.TemporaryDirectory(dir=memory, prefix="maildaemon-model-")
        self.world = World(Path(self.folder.name), files_sent=files_sent)

    # Who writes

    @rule(person=st.sampled_from(PEOPLE), count=st.integers(1, 3))
    def customers_ask(self, person: str, count: int) -> None:
        first = PEOPLE.index(person)
        for place in range(count):
            self.world.ask(PEOPLE[(first + place) % len(PEOPLE)])

    @precondition(lambda self: self.world.talks)
    @rule(place=_PLACES, folder=st.sampled_from(("INBOX", "INBOX", "INBOX", "Junk")))
    def a_customer_writes_again(self, place: int, folder: str) -> None:
        self.world.write_again(self.world.talks[-1 - place % len(self.world.talks)], folder)

    @rule(kind=st.integers(0, len(ROBOTS) - 1))
    def a_program_writes(self, kind: int) -> None:
        self.world.run_robot(kind)

    @precondition(lambda self: self.world.talks)
    @rule(place=_PLACES)
    def staff_answer(self, place: int) -> None:
        self.world.answer(self.world.talks[-1 - place % len(self.world.talks)])

    @precondition(lambda self: self.world.server.accepted)
    @rule(place=_PLACES)
    def a_mail_of_ours_comes_back(self, place: int) -> None:
        accepted = self.world.server.accepted
        self.world.bounce(accepted[place % len(accepted)])

    # What people and servers do with what is there

    @rule(folder=st.sampled_from(WATCHED), place=_PLACES, flag=st.sampled_from(_FLAGS))
    def staff_read(self, folder: str, place: int, flag: str) -> None:
        if found := self.world.at(folder, place):
            change = self.world.account.unflag if flag in found.flags else self.world.account.flag
            change(folder, found.uid, flag)

    @rule(source=st.sampled_from(ALL), place=_PLACES, into=st.sampled_from((*ALL, None)))
    def staff_tidy(self, source: str, place: int, into: str | None) -> None:
        if found := self.world.at(source, place):
            if into is None:
                self.world.account.expunge(source, found.uid)
            elif into != source:
                self.world.account.move(source, found.uid, into)

    @rule(place=_PLACES)
    def a_mail_comes_twice(self, place: int) -> None:
        if found := self.world.at("INBOX", place):
            self.world.account.deliver(found.raw)

    @rule(folder=st.sampled_from(WATCHED))
    def the_server_numbers_anew(self, folder: str) -> None:
        self.world.account.change_uidvalidity(folder)

    @rule(folder=st.sampled_from(WATCHED), place=_PLACES, there=st.booleans())
    def the_server_withholds(self, folder: str, place: int, there: bool) -> None:
        if there:
            self.world.account.deliver_withheld(folder)
        elif found := self.world.at(folder, place):
            self.world.account.withhold(folder, found.uid)

    # What it does, and what happens meanwhile

    @rule(step=st.sampled_from(STEPS))
    def it_does_one_thing(self, step: str) -> None:
        if self.world.work(step) and step == "receive":
            self.world.check_journal()

    @rule(minutes=st.sampled_from((0, 1, 16, 61, 60 * 25, 60 * 24 * 3 + 60)))
    def it_works(self, minutes: int) -> None:
        self.world.clock.at += timedelta(minutes=minutes)
        self.world.work(*STEPS)

    @rule(minutes=st.sampled_from((-180, -20, 20, 180)))
    def it_works_by_a_clock_that_was_set(self, minutes: int) -> None:
        self.world.clock.at += timedelta(minutes=minutes)
        self.world.clock.jumped += timedelta(minutes=minutes)
        self.world.work(*STEPS)

    @rule(calls=st.lists(st.sampled_from(_CALLS), min_size=1, max_size=3))
    def its_connection_breaks(self, calls: list[str]) -> None:
        for call in calls:
            self.world.account.fail(MailboxUnavailableError("model: broken off"), on=call)
        self.world.work(*STEPS)

    @rule(fault=st.sampled_from(_FAULTS))
    def the_smtp_server_refuses(self, fault: tuple[str, str]) -> None:
        self.world.server.plan(*fault)
        self.world.work(*STEPS)

    @rule(effect=_EFFECTS)
    def it_is_killed(self, effect: int) -> None:
        self.world.kill_at(effect)
        self.world.work(*STEPS)

    @rule(effect=_EFFECTS, times=st.integers(1, 4))
    def the_disk_is_full(self, effect: int, times: int) -> None:
        self.world.fill_at(effect, times)
        self.world.work(*STEPS)

    @rule(effect=st.integers(1, 8))
    def it_sleeps_and_is_taken_over(self, effect: int) -> None:
        self.world.take_over_at(effect)
        self.world.work(*STEPS)

    @rule()
    def the_other_one_takes_over(self) -> None:
        self.world.change_places()

    @rule()
    def it_is_started_anew(self) -> None:
        self.world.on.restart()

    @rule()
    def an_operator_resumes(self) -> None:
        self.world.resume()
        self.world.work(*STEPS)

    @rule(person=st.sampled_from(PEOPLE))
    def a_conversation_runs_its_course(self, person: str) -> None:
        """Ask, be acknowledged, be answered, be reminded: what chance alone seldom brings."""
        self.world.ask(person)
        self.world.work(*STEPS)
        self.world.answer(self.world.talks[-1])
        self.world.work(*STEPS)
        self.world.clock.at += timedelta(days=3, minutes=5)
        self.world.work(*STEPS)

    @invariant()
    def all_promises_are_kept(self) -> None:
        if hasattr(self, "world"):
            self.world.check()
            assert self.world.broken == []

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if not self.world.broken:
                self.world.calm_down()
                assert self.world.broken == []
        finally:
            self.world.close()
            self.folder.cleanup()
            MailboxMachine.counts.update(self.world.counts)
