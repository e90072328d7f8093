"""The whole policy of a shop in one file, and what of it nothing is done about yet."""

from datetime import date, time, timedelta

from maildaemon.domain.opening import Opening
from maildaemon.domain.spans import Counting, Span, parse_span
from maildaemon.domain.understanding import Fact, Priority
from maildaemon.settings import show
from maildaemon.settings.promises import Occasion
from tests.unit.test_settings import MINIMAL, read

SHOP = """\
hours:
  timezone: Europe/Rome
  open: {mon: 09:00-18:00, tue: 09:00-18:00, wed: 09:00-13:00 14:00-18:00, thu: 09:00-18:00, fri: 09:00-24:00}   # a day not named is closed
  holidays: {country: IT, add: [2026-12-24], remove: []}
promises:                                    # by priority; the clock starts with the oldest unanswered message of the customer
  normal: {first_reply: 48 business hours, next_reply: 48 business hours, warn_at: 24 business hours, update_every: 5 business days}
  urgent: {first_reply: 12 business hours, warn_at: 8 business hours}
escalation:
  - {when: {category: complaint}, after: 48 business hours, to: [lead@shop.example]}
  - {when: {category: complaint}, on: customer_replies_after_answer, to: [senior@shop.example], answer_within: 48 hours, tell_customer: true}
follow_up:                                   # the customer is silent; the clock starts with our last answer
  - {after: 3 business days, template: follow_up}
  - {after: 7 business days, template: closing_soon}
  - {after: 10 business days, resolve: true}
feedback: {after: 1 business day}
notices:
  - {from: 2026-12-22, until: 2027-01-02, template: holiday}
order_numbers:
  - {name: order, pattern: '#?\\b(\\d{6})\\b', checksum: null}
rules:
  - name: damaged on delivery
    when: {any: [damaged, broken, "/arrived .* pieces/"], in: [subject, text]}
    set: {category: shipping, priority: urgent, tags: [damage]}
    need: [order_number, photo]
    faq: [{title: Returns, url: https://shop.example/returns}]
"""


def test_the_complete_policy_of_a_shop_loads() -> None:
    settings = read(MINIMAL + SHOP)

    hours, promises, escalation = settings.hours, settings.promises, settings.escalation
    assert hours.open.days == (
        (Opening(540, 1080),),
        (Opening(540, 1080),),
        (Opening(540, 780), Opening(840, 1080)),
        (Opening(540, 1080),),
        (Opening(540, 1440),),
        (),
        (),
    )
    assert (hours.holidays.country, hours.holidays.add) == ("IT", (date(2026, 12, 24),))
    assert hours.holidays.days[date(2026, 12, 8)] == "Immacolata Concezione"
    assert promises.normal is not None
    assert promises.normal.first_reply == Span(Counting.BUSINESS_HOURS, timedelta(hours=48))
    assert promises.normal.update_every == Span(Counting.BUSINESS_DAYS, timedelta(days=5))
    assert promises.urgent is not None
    assert promises.urgent.warn_at == parse_span("8 business hours")
    assert promises.low is promises.high is None
    assert [one.when.category for one in escalation] == ["complaint", "complaint"]
    assert escalation[1].on is Occasion.CUSTOMER_REPLIES_AFTER_ANSWER
    assert escalation[1].answer_within == Span(Counting.ELAPSED, timedelta(hours=48))
    assert escalation[1].tell_customer
    assert [(step.template, step.resolve) for step in settings.follow_up] == [
        ("follow_up", False),
        ("closing_soon", False),
        (None, True),
    ]
    assert settings.feedback is not None
    assert str(settings.feedback.after) == "1 business day"
    assert settings.order_numbers[0].pattern == r"#?\b(\d{6})\b"
    assert settings.order_numbers[0].checksum is None
    (rule,) = settings.rules
    assert rule.when.any == ("damaged", "broken", "/arrived .* pieces/")
    assert (rule.set.category, rule.set.priority) == ("shipping", Priority.URGENT)
    assert rule.need == (Fact.ORDER_NUMBER, Fact.PHOTO)
    assert rule.faq[0].url == "https://shop.example/returns"


def test_the_policy_of_a_shop_is_shown_as_it_was_meant() -> None:
    settings = read(MINIMAL + SHOP)

    assert read(show(settings)).model_dump() == settings.model_dump()


def test_nothing_is_said_where_nothing_is_given() -> None:
    assert read(MINIMAL + "promises:\nhours:\n  holidays:\n").warnings == ()


def test_times_and_days_are_read_as_written() -> None:
    settings = read(MINIMAL + "digest: {to: [anna@example.com], at: 7:05}\n")

    assert settings.digest is not None
    assert settings.digest.at == time(7, 5)
