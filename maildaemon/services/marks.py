"""Keywords on messages (`control.keywords`): notices what people set, and shows how things stand.

What we write is noted before and after, so that it is never read back as a person's word,
whenever the process dies.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from maildaemon.domain.control import (
    Change,
    Keyword,
    changes_by_people,
    keywords_of,
    read_keywords,
    wanted_on,
)
from maildaemon.domain.waiting import settle_wait
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import Mailbox, Now
from maildaemon.ports.marks import Place
from maildaemon.ports.rows import Concern
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log
from maildaemon.services.steer import BY_FOLDER, steer

CLAIM = timedelta(minutes=2)
BY = "a mail client"
_AT_ONCE = 20
_NO_KEYWORDS_AGAIN = timedelta(hours=6)
_NO_FOLDERS = "the server refuses to make the folders of `control.folders`"
_MAKE_THEM = "make Support/Resolved, Support/No-auto, Support/Urgent and Support/Working by hand"
_NO_KEYWORDS = Concern(
    "keywords",
    "the server keeps no keywords on messages: `control.keywords` has no effect",
    "steer by the folders instead (`control.folders`), and take `control.keywords` out",
)


_STEERED = tuple(BY_FOLDER)


def make_folders(store: Store, mailbox: Mailbox, desk: Desk, now: Now) -> None:
    """Make the folders by which staff steer (`control.folders`) once; what somebody removes later
    stays away.
    """
    if not desk.policy.control.folders:
        return
    with store.read() as tx:
        known = {row.role for row in tx.mailboxes.folders(desk.mailbox_id)}
        missing = [role for role in _STEERED if role not in known]
        told = not tx.mailboxes.concerned(desk.mailbox_id, "steering", ())
    if not missing and not told:
        return
    concerns = []
    if missing and not told:
        desk.require_lease()
        try:
            mailbox.make_folders(missing)
        except MailboxRefusedError as error:
            concerns = [Concern("folders", f"{_NO_FOLDERS}: {error}", _MAKE_THEM)]
    elif missing:
        return  # the server has refused them once; somebody makes them by hand
    with store.begin() as tx:
        tx.mailboxes.set_concerns(desk.mailbox_id, "steering", concerns, now())


def notice_marks(store: Store, mailbox: Mailbox, desk: Desk, now: Now) -> int:
    """Do what people have said by keywords since the last look; return how many changes."""
    if not desk.policy.control.keywords:
        return 0
    with store.read() as tx:
        places = sorted(tx.marks.places(desk.mailbox_id, now()), key=_folder)
    look = _Look(store, mailbox, desk, now)
    return sum(look.into(tuple(group)) for _, group in groupby(places, key=_folder))


def _folder(place: Place) -> tuple[int, int]:
    return place.folder_id, place.uidvalidity


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at the keywords of one mailbox takes."""

    store: Store
    mailbox: Mailbox
    desk: Desk
    now: Now

    def into(self, places: tuple[Place, ...]) -> int:
        """Do what people have said in one folder; return how many changes."""
        folder, folder_id = places[0].folder, places[0].folder_id
        try:
            state = self.mailbox.examine(folder)
        except MailboxRefusedError:
            return 0  # somebody has removed it; `receive` tells
        if state.uidvalidity != places[0].uidvalidity:
            return 0  # it is read anew first
        with self.store.read() as tx:
            known = tx.marks.modseq(folder_id)
        seen = [one for one in places if one.seen is not None]
        # RFC 7162 §3.1.2.1: what has not changed since is not even asked for.
        if known is not None and known == state.modseq:
            seen = []
        unseen = [one for one in places if one.seen is None]
        there = {**self._flags(folder, unseen, None), **self._flags(folder, seen, known)}
        found = [(one, there[one.uid]) for one in places if one.uid in there]
        return self._conclude(folder_id, found, state.modseq, known)

    def _flags(
        self, folder: str, places: Iterable[Place], since: int | None
    ) -> dict[int, frozenset[Keyword]]:
        uids = [one.uid for one in places]
        found = self.mailbox.flags(folder, uids, since) if uids else {}
        return {uid: read_keywords(flags) for uid, flags in found.items()}

    def _conclude(
        self,
        folder_id: int,
        found: list[tuple[Place, frozenset[Keyword]]],
        modseq: int | None,
        known: int | None,
    ) -> int:
        news = [(one, there) for one, there in found if one.seen != there]
        if not news and modseq == known:
            return 0
        done: list[tuple[str, Change]] = []
        with self.store.begin() as tx:
            for place, there in news:
                for change in changes_by_people(place.seen or frozenset(), place.writing, there):
                    reference = place.thread.reference
                    if steer(tx, reference, change, BY, self.now()).changed:
                        done.append((reference, change))
                tx.marks.saw(place.message_id, there)
            tx.marks.looked(folder_id, modseq)
        for reference, change in done:
            event = "keyword.set" if change.on else "keyword.removed"
            mailbox = self.desk.policy.mailbox
            log(event, mailbox=mailbox, thread=reference, keyword=change.keyword.value)
        return len(done)


def show_marks(store: Store, mailbox: Mailbox, desk: Desk, now: Now) -> int:
    """Show by keywords how the conversations stand; return how many messages were written to."""
    if not desk.policy.control.keywords:
        return 0
    with store.read() as tx:
        places = tx.marks.places(desk.mailbox_id, now())
    wanted = [(one, _wanted(one, now)) for one in places if one.seen is not None and one.due]
    wrong = [(place, marks) for place, marks in wanted if place.seen != marks][:_AT_ONCE]
    return sum(_show(store, mailbox, desk, place, marks, now) for place, marks in wrong)


def _wanted(place: Place, now: Now) -> frozenset[Keyword]:
    shown = keywords_of(place.thread, now(), overdue=place.overdue)
    return wanted_on(shown, place.seen or frozenset(), newest=place.newest)


def _show(
    store: Store,
    mailbox: Mailbox,
    desk: Desk,
    place: Place,
    wanted: frozenset[Keyword],
    now: Now,
) -> int:
    """Make of one message what is wanted; return 1 if that was done."""
    seen = place.seen or frozenset()
    with store.begin() as tx:
        if not tx.marks.write(place, wanted, now() + CLAIM):
            return 0
    failures, next_at = 0, None
    concerns: list[Concern] = []
    done = False
    try:
        if mailbox.examine(place.folder).uidvalidity != place.uidvalidity:
            return 0  # it is read anew first; this is due again when the claim ends
        desk.require_lease()
        done = mailbox.mark(place.folder, place.uid, sorted(wanted - seen), sorted(seen - wanted))
        if not done:
            next_at, concerns = now() + _NO_KEYWORDS_AGAIN, [_NO_KEYWORDS]
    except MailboxRefusedError as error:
        failures = place.failures + 1
        next_at = now() + settle_wait(failures)
        _tell(desk, "keyword.refused", logging.WARNING, folder=place.folder, error=str(error))
    with store.begin() as tx:
        tx.marks.written(place, wanted if done else seen, failures, next_at)
        new = tx.mailboxes.set_concerns(desk.mailbox_id, "control", concerns, now())
    for one in new:
        _tell(desk, "keywords.unavailable", logging.WARNING, advice=one.advice)
    if done:
        _tell(
            desk, "keyword.shown", thread=place.thread.reference, keywords=" ".join(sorted(wanted))
        )
    return int(done)


def _tell(desk: Desk, event: str, level: int = logging.INFO, **facts: str) -> None:
    log(event, level, failure=None, mailbox=desk.policy.mailbox, **facts)
