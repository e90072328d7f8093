"""The report of all campaigns: each has one place, whatever ran before."""

from tests.campaigns.torture import ORDEALS, Outcome, written_into


def _outcome(ordeal_at: int, table: str, *, kept: bool = True) -> Outcome:
    return Outcome(ORDEALS[ordeal_at], kept, 2.4, table)


def test_a_later_run_takes_the_place_of_an_earlier_one_and_of_no_other() -> None:
    page = "# What was tried\n\nProse.\n"
    first = written_into(page, [_outcome(0, "lost 0"), _outcome(3, r"cut \1")])
    again = written_into(first, [_outcome(0, "lost 1", kept=False)])

    assert first.startswith(page)
    assert again == first.replace("kill: every promise was kept", "kill: BROKEN").replace(
        "lost 0", "lost 1"
    )
    assert r"cut \1" in again


def test_each_campaign_has_a_name_of_its_own() -> None:
    assert len({one.name for one in ORDEALS}) == len(ORDEALS)
