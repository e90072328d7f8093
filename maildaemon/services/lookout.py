"""Watches over one mailbox and tells what nobody else would notice: that nothing happens any more.

It judges by what has moved, not by errors: a call that never returns raises none. What is told is
remembered, so that it is told once, and once that it is over, whatever restarts in between.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maildaemon.domain.probes import is_missed, is_told_otherwise, why_missed
from maildaemon.domain.standing import Standing
from maildaemon.ports import Certificate, Now
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import Concern
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.accounts import note_silence
from maildaemon.services.desk import Desk, log

_STUCK_AFTER = timedelta(minutes=15)
_LOOK_AT_CERTIFICATES_EVERY = timedelta(hours=12)
_EXPIRES_SOON = timedelta(days=14)
# Who did not look for so long has slept, or had the mailbox taken away meanwhile.
_LOOKED_AWAY = timedelta(minutes=5)
_ASKED_NO_MORE = "nothing is sent to ourselves any more"
_JUNKED = (
    "the last mail to ourselves came back into the spam folder: the server may take mail from "
    "customers, or ours to them, for spam as well"
)
_LET_IN = (
    "look into the spam folder for customers, and have the server let mail of its own pass: SPF, "
    "DKIM and DMARC of the domain, its filter"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong (`what`), or is not (None). `event` tells it, `over` its end, in the
    words `ended`.
    """

    event: str
    over: str
    about: str
    what: str | None
    advice: str = ""
    ended: str = "well again"

    @property
    def key(self) -> str:
        """Return what it is remembered by."""
        return f"{self.event}:{self.about}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A queue as it was when it moved last: its oldest item, and how many waited."""

    oldest: datetime
    waiting: int
    at: datetime
    moved: bool = False


class Lookout:
    """One mailbox over time; used by one thread at a time."""

    def __init__(
        self,
        desk: Desk,
        poll_every: timedelta,
        certificates: Callable[[], Mapping[str, Certificate]],
        now: Now,
    ) -> None:
        """`certificates` asks the servers for theirs, by service; what cannot be had is left out.
        Nothing has been seen yet.
        """
        self._desk, self._poll_every, self._now = desk, poll_every, now
        self._certificates = certificates
        self._watching_since = self._looked_at = now()
        self._asked_at: datetime | None = None
        self._queues: dict[str, _Seen] = {}
        # When something else was last seen to keep a mail to ourselves from coming back.
        self._excused_at = self._watching_since

    def look(self, store: Store) -> int:
        """Look once; return 0: nobody waits for more."""
        now = self._now()
        if not timedelta(0) <= now - self._looked_at <= _LOOKED_AWAY:
            self._watching_since = now
            self._queues.clear()
        self._looked_at = now
        note_silence(store, self._desk, self._poll_every, self._watching_since, now)
        with store.read() as tx:
            standing = tx.overview.standing(self._desk.mailbox_id, now)
        stuck, probes = [*self._stuck(standing, now)], [*self._probes(standing, now)]
        expiring = [*self._expiring(now)]
        with store.begin() as tx:
            if expiring:
                self._keep(tx, "certificate", expiring, now)
            for one in probes:
                self._keep(tx, one.event, [one], now)
            tell(tx, self._desk, [*stuck, *probes, *expiring], now)
        return 0

    def _stuck(self, standing: Standing, now: datetime) -> Iterator[Condition]:
        inbound, outbox = standing.inbound, standing.outbox
        yield from self._queue("inbound", "received", inbound.oldest_at, inbound.waiting, now)
        # What a brake or a server that is out of reach holds up is told by these.
        if standing.smtp.last_error is None and not standing.brakes:
            yield from self._queue("outbox", "to be sent", outbox.due_since, outbox.due, now)

    def _queue(
        self, name: str, what: str, oldest: datetime | None, waiting: int, now: datetime
    ) -> Iterator[Condition]:
        well = Condition("queue.stuck", "queue.recovered", name, None)
        seen = self._queues.pop(name, None)
        if oldest is None:
            yield well
            return
        if seen is None or oldest != seen.oldest or waiting < seen.waiting:
            seen = _Seen(oldest, waiting, now, moved=seen is not None)
        self._queues[name] = seen
        if now - max(seen.at, seen.oldest) > _STUCK_AFTER:
            since = f"{seen.oldest:%Y-%m-%d %H:%M} UTC"
            words = f"mail {what} stands still: {waiting} waiting, the oldest since {since}"
            yield replace(
                well, what=words, advice="see in the log of `maildaemon run` what keeps it"
            )
        elif seen.moved:
            yield well

    def _expiring(self, now: datetime) -> Iterator[Condition]:
        asked = self._asked_at
        if asked and timedelta(0) <= now - asked < _LOOK_AT_CERTIFICATES_EVERY:
            return
        self._asked_at = now
        for service, one in sorted(self._certificates().items()):
            well = Condition("certificate.expiring", "certificate.renewed", service, None)
            # Some are made for days only, and renewed in time all the same.
            soon = min(_EXPIRES_SOON, (one.ends_at - one.begins_at) / 3)
            if one.ends_at - now >= soon:
                yield well
                continue
            words = f"the certificate of the {service.upper()} server ends on "
            words += f"{one.ends_at:%Y-%m-%d %H:%M} UTC; then it is trusted no more"
            advice = "have whoever runs the server renew it"
            yield replace(well, what=words, advice=advice)

    def _probes(self, standing: Standing, now: datetime) -> Iterator[Condition]:
        """Yield whether a mail to ourselves is missed, and whether the last one lay in Junk, as far
        as that can be told.
        """
        probing, probe = self._desk.policy.probe, standing.probe
        late = Condition("probe.late", "probe.returned", "round trip", None)
        junked = Condition("probe.junked", "probe.cleared", "spam filter", None)
        if probing is None:
            yield replace(late, ended=_ASKED_NO_MORE)
            yield replace(junked, ended=_ASKED_NO_MORE)
            return
        if probe.back_at is not None:
            yield replace(junked, what=_JUNKED, advice=_LET_IN) if probe.junked else junked
        if is_told_otherwise(standing, self._poll_every, now):
            self._excused_at = now
        if not is_missed(probing, probe, now):
            took = f"{probe.seconds:.0f} seconds" if probe.seconds is not None else "a while"
            if probe.back_at is not None:
                yield replace(late, ended=f"a mail to ourselves came back after {took}")
        elif now - max(self._excused_at, self._watching_since) > probing.late_after:
            what, advice = why_missed(probing, standing)
            yield replace(late, what=what, advice=advice)

    def _keep(self, tx: Transaction, kind: str, found: list[Condition], now: datetime) -> None:
        concerns = [Concern(one.about, one.what, one.advice) for one in found if one.what]
        if not tx.mailboxes.concerned(self._desk.mailbox_id, kind, concerns):
            tx.mailboxes.set_concerns(self._desk.mailbox_id, kind, concerns, now)


def tell(tx: Transaction, desk: Desk, conditions: list[Condition], now: datetime) -> None:
    """Raise an alarm for what is newly wrong, and one for what is over."""
    name, mailbox = f"lookout:{desk.mailbox_id}", desk.policy.mailbox
    known = set(json.loads(tx.brakes.fact(name) or "[]"))
    wrong = {one.key for one in conditions if one.what}
    well = {one.key for one in conditions if not one.what}
    for one in conditions:
        if one.what and one.key not in known:
            text = f"{mailbox}: {one.what}. What to do: {one.advice}"
            tx.alerts.raise_alarm(Alarm(one.event, mailbox, text, one.about), now)
            log(one.event, logging.ERROR, mailbox=mailbox, about=one.about, why=one.what)
        elif not one.what and one.key in known:
            text = f"{mailbox}: {one.about.upper()}: {one.ended}"
            tx.alerts.raise_alarm(Alarm(one.over, mailbox, text, one.about, ends=True), now)
            log(one.over, mailbox=mailbox, about=one.about)
    if (told := (known | wrong) - well) != known:
        tx.brakes.keep_fact(name, json.dumps(sorted(told)))
