"""The bench in a form short enough for every run: right, and able to make its table; no times."""

from datetime import UTC, datetime
from statistics import median

import pytest

from benchmarks.ingest import measure
from benchmarks.mailbox import write_mailbox
from benchmarks.message import Costs, Pass, best_of
from benchmarks.message import measure as measure_message
from benchmarks.message import table as message_table
from benchmarks.table import MESSAGES, RATIOS, medians, read_reference, table, what_got_worse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_same_seed_makes_the_same_mailbox() -> None:
    once, again, other = ([*write_mailbox(seed, 60, NOON)] for seed in (3, 3, 4))

    assert once == again
    assert once != other


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_sixty_messages_are_ingested_as_they_should_be_and_fill_the_table() -> None:
    said: list[str] = []

    run = measure(60, 7, said.append)

    assert run.verdict.wrong == {}
    assert run.verdict.acknowledged > 18
    assert run.verdict.attachments > 6
    written = table([run], "make bench", "1.0")
    assert all(figure.name in written for figure in RATIOS)
    for kept in read_reference().values():
        assert kept.keys() == medians([run]).keys() | {MESSAGES}


def test_what_one_mail_costs_is_told_by_stage() -> None:
    costs = measure_message(10, 7, passes=1)

    assert len(costs.whole) == 10
    assert 8_000 < median(costs.sizes) < 13_000
    stages = ("MIME tree", "text", "quotes", "language", "files", "load context", "decide")
    assert all(one[stage] >= 0 for one in costs.stages for stage in stages)
    written = message_table(costs, "make bench")
    assert all(f"| {stage}, CPU | " in written for stage in stages)


def test_of_each_mail_and_stage_the_best_pass_counts_and_a_sum_is_that_of_one_pass() -> None:
    walked = (
        Pass([9.0, 5.0], [{"load context": 1.0, "decide": 2.0, "text": 4.0}] * 2, [3.0, 6.0]),
        Pass([8.0, 7.0], [{"load context": 4.0, "decide": 4.0, "text": 1.0}] * 2, [4.0, 5.0]),
    )

    assert best_of(walked, [100, 200]) == Costs(
        passes=2,
        sizes=[100, 200],
        whole=[8.0, 5.0],
        stages=[{"load context": 1.0, "decide": 2.0, "text": 1.0}] * 2,
        promised=[5.0, 5.0],
        together=[7.0, 7.0],
        library=[3.0, 5.0],
    )


def test_a_figure_may_get_a_tenth_worse_and_no_more() -> None:
    before = {"time": 2.0, "memory": 100.0}

    assert what_got_worse({"time": 2.19, "memory": 40.0}, before) == []
    assert what_got_worse({"time": 2.21, "memory": 100.0}, before) == ["time: 2.21, was 2"]
