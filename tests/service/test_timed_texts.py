"""What customers and colleagues read when time has passed: the whole mails, as they were sent."""

from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from maildaemon.domain.opening import Hours
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import FollowUpStep, Promise, TimePolicy
from maildaemon.domain.understanding import Priority
from tests.service.shop import Shop
from tests.service.test_time_passes import MONDAY, a_shop, conversation, customer_writes
from tests.unit.test_compose import joined

PROMISE = Promise(
    first_reply=parse_span("12 business hours"),
    warn_at=parse_span("8 business hours"),
    tell_customer=True,
)
LADDER = (
    FollowUpStep(parse_span("3 days"), "follow_up"),
    FollowUpStep(parse_span("7 days"), "closing_soon"),
    FollowUpStep(parse_span("10 days"), resolve=True),
)
TIME = TimePolicy(
    promises=((Priority.NORMAL, PROMISE),),
    follow_up=LADDER,
    feedback=parse_span("1 day"),
)
HOURS = Hours(zone=ZoneInfo("Europe/Rome"))


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return joined(str(part.get_content()).replace("\r\n", "\n"))


def last_after(shop: Shop, *, hours: int) -> EmailMessage:
    """Let so many hours pass; return the last mail that was sent then."""
    before = len(shop.customers_got)
    shop.wait(hours=hours)
    shop.round()
    assert len(shop.customers_got) > before
    return shop.customers_got[-1]


def test_a_promise_is_told_with_its_hour_watched_over_and_excused(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, time=TIME, hours=HOURS)
    assert MONDAY.hour == 9, "10:00 in Rome"
    customer_writes(shop)

    told = "by Monday, 23 November 2026 at 22:00 (UTC+1)"
    assert f"You will have our answer {told}." in text(shop.customers_got[0])

    warning = last_after(shop, hours=8)
    assert str(warning["Subject"]).split("] ")[1] == "A promise is at risk: My order"
    assert "Promised by: Monday, 23 November 2026, 22:00 (Europe/Rome), in 4 hours" in text(warning)
    assert warning["Auto-Submitted"] == "auto-generated"

    last_after(shop, hours=4)
    late = [it for it in shop.customers_got if it["To"] == "clara@customer.example"][-1]
    assert f"We promised you an answer {told}, and we have not kept that promise." in text(late)
    assert late["Auto-Submitted"] == "auto-generated"
    shop.close()


def test_a_silent_customer_reads_until_when_he_may_be_silent_and_is_asked_how_it_went(
    tmp_path: Path,
) -> None:
    shop = a_shop(tmp_path, time=TIME, hours=HOURS)
    conversation(shop)

    reminder = last_after(shop, hours=73)
    assert "We wrote to you and have not heard from you since." in text(reminder)
    assert reminder["In-Reply-To"] == "<a1@shop.example>"
    closing = last_after(shop, hours=96)
    assert "by Thursday, 3 December 2026, we will take the matter as settled" in text(closing)
    shop.wait(hours=72)
    shop.round()
    feedback = last_after(shop, hours=24)

    html = feedback.get_body(("html",))
    assert html is not None
    links = html.get_content().split('href="')[1:]
    assert [it.partition('"')[0][-6:] for it in links] == [f"body={it}" for it in "54321"]
    assert "\n- 5 = excellent\n" in text(feedback)
    shop.close()
