"""Die at every effect of a fortnight in which time does something; what people do goes on."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import EscalationStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from tests.service.shop import Shop, a_mail
from tests.service.test_crash import (
    SHARES,
    Fuse,
    KilledError,
    arm,
    memory,  # noqa: F401  a fixture
    recover,
    share,
)
from tests.service.test_time_passes import LADDER, MONDAY, a_shop, letters

# What a commit is on the other database, tests/service/test_crash.py looks at.
pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(300)]

# So many effects lie between two deaths that are tried: all of them (1) take half an hour.
STRIDE = int(os.environ.get("MAILDAEMON_STRIDE", "101"))
PROMISE = Promise(
    first_reply=parse_span("48 hours"),
    warn_at=parse_span("24 hours"),
    update_every=parse_span("6 days"),
    tell_customer=True,
    update_customer=True,
)
LEAD = EscalationStep(
    ("lead@shop.example",),
    after=parse_span("72 hours"),
    answer_within=parse_span("24 hours"),
    tell_customer=True,
)
TIME = TimePolicy(
    promises=((Priority.NORMAL, PROMISE),),
    escalation=(LEAD,),
    follow_up=LADDER,
    feedback=parse_span("1 day"),
)
# Clara is answered and keeps silent; nobody ever answers Dora.
CLARA, DORA = "clara@customer.example", "dora@x.example"
ANNA, LEADS = "anna@shop.example", "lead@shop.example"


def ask(shop: Shop) -> None:
    shop.write(a_mail(date=shop.at))
    shop.write(a_mail(sender=DORA, message_id="d1@x.example", subject="Question", date=shop.at))


def answer(shop: Shop) -> None:
    raw = a_mail(
        "It is on its way. Did it arrive?",
        sender="Anna <support@shop.example>",
        to=CLARA,
        message_id="a1@shop.example",
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(raw, "Sent")


def nothing(shop: Shop) -> None:
    pass


# Hours since Monday, and what happens then; a little later than what is due.
FORTNIGHT: tuple[tuple[float, Callable[[Shop], None]], ...] = (
    (0, ask),
    (24.2, nothing),
    (30, answer),
    (48.2, nothing),
    (63.2, nothing),
    (72.2, nothing),
    (97.2, nothing),
    (102.2, nothing),
    (145.2, nothing),
    (198.2, nothing),
    (270.2, nothing),
    (295.2, nothing),
    (296, nothing),
)
TOLD = sorted(
    [
        *((CLARA, one) for one in ("acknowledgement", "follow_up", "closing_soon", "feedback")),
        *((DORA, one) for one in ("acknowledgement", "late", "escalated", "update", "update")),
        *[(ANNA, "staff")] * 5,
        *[(LEADS, "staff")] * 2,
    ]
)


def live_through(folder: Path, fuse: Fuse, *, files_sent: bool) -> Shop:
    """Let the fortnight pass; whoever dies is started again within the hour."""
    folder.mkdir(parents=True)
    shop = a_shop(folder, time=TIME, files_sent=files_sent)
    server = shop.transport
    arm(shop, fuse)
    shop.transport.accepted = server.accepted
    for hours, happening in FORTNIGHT:
        shop.at = MONDAY + timedelta(hours=hours)
        happening(shop)
        was_dead = fuse.dead
        with suppress(KilledError):
            shop.round()
            # Until then the server may file its copy by itself.
            shop.wait(seconds=61)
            shop.round()
        if fuse.dead and not was_dead:
            recover(shop)
    return shop


def facts(shop: Shop) -> dict[str, object]:
    """What must be the same whether or not the process died."""
    # Without a witness an acknowledgement is given up, and others are sent once more.
    known = "select recipient, sections, kind from outbox order by 1, 2, 3"
    noted = "('timer_fired', 'mail_queued', 'thread_resolved', 'promise_broken', 'staff_answered')"
    return {
        "timers": shop.rows("select thread_id, kind, state from timer order by 1, 2, 3"),
        "threads": shop.rows("select reference, status from thread order by reference"),
        "outbox": shop.rows(known),
        "events": shop.rows(
            f"select event, count(*) from event where event in {noted} group by event order by 1"
        ),
    }


def ids(shop: Shop, where: str) -> set[str]:
    return {row[0] for row in shop.rows(f"select message_id from outbox where {where}")}


def sent(shop: Shop) -> Counter[str]:
    return Counter(str(one["Message-ID"]).strip("<>") for one in shop.customers_got)


@SHARES
@pytest.mark.parametrize("files_sent", [True, False], ids=["server files Sent", "it does not"])
def test_a_death_at_any_effect_of_time_loses_nothing_and_doubles_nothing(
    memory: Path,  # noqa: F811
    files_sent: bool,
    others: bool,
) -> None:
    fuse = Fuse(None)
    shop = live_through(memory / "undisturbed", fuse, files_sent=files_sent)
    assert fuse.burnt > 300
    assert sorted(letters(shop)) == TOLD
    undisturbed = facts(shop)
    shop.close()

    # The two runs share the effects between them.
    lengths = range(1 + files_sent * (STRIDE // 2), fuse.burnt + 1, STRIDE)
    for length in share(lengths, others=others):
        shop = live_through(memory / f"{length}", Fuse(length), files_sent=files_sent)
        where = f"killed at effect {length} of {fuse.burnt}"
        assert facts(shop) == undisturbed, where
        got, wanted = sent(shop), ids(shop, "state = 'sent'")
        unknown = ids(shop, "state = 'unknown'")
        assert wanted <= set(got) <= wanted | unknown, where
        twice = {one for one, count in got.items() if count > 1}
        if files_sent:
            assert (unknown, twice) == (set(), set()), where
            assert sorted(letters(shop)) == TOLD, where
        assert unknown <= ids(shop, "sections like '%acknowledgement%'"), where
        assert twice <= ids(shop, "resent"), where
        assert max(got.values()) <= 2, where
        copies = [bytes(one.raw) for one in shop.account.messages("Sent")]
        assert len(copies) == len(set(copies)), where
        shop.close()
