"""The beginning of a made-up year of the jeweller's mail; `tests.campaigns.shop_year` has all of it."""

from datetime import timedelta

from benchmarks.year import year
from tests.campaigns import shop_year


def test_what_the_jeweller_promises_is_due_when_his_calendar_says_and_nothing_else_is_sent() -> (
    None
):
    mails = [one for one in year(260, 3) if one.at < shop_year.BEGIN + timedelta(days=80)]

    judged = shop_year.judge(mails)

    assert judged.wrong == ()
    assert judged.compared.total() > 150
    assert {"late", "warning", "update", "follow_up", "resolve", "feedback"} <= {*judged.compared}
    assert judged.mails["acknowledgement"] > 10
