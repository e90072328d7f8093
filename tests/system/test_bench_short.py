"""The bench in a form short enough for every run: right, and able to make its table; no times."""

from datetime import UTC, datetime
from statistics import median

import pytest

from benchmarks import growth, idle, latency, memory, simulate
from benchmarks.ingest import measure
from benchmarks.mailbox import write_mailbox
from benchmarks.message import Costs, Pass, best_of
from benchmarks.message import measure as measure_message
from benchmarks.message import table as message_table
from benchmarks.table import MESSAGES, RATIOS, medians, read_reference, table, what_got_worse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _nothing(_: str) -> None:
    """Whoever waits for the test is told nothing."""


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


@pytest.mark.campaign
@pytest.mark.timeout(240)
@pytest.mark.parametrize("postgresql", [False, True])
def test_mails_are_answered_beside_records_that_were_filled_in(postgresql: bool) -> None:
    said: list[str] = []

    found = growth.measure(24, 60, 7, said.append, postgresql=postgresql)

    assert found.verdict.wrong == {}
    assert found.verdict.acknowledged > 5
    assert 50 < found.records < 120
    assert 5 < found.statements < 60
    assert f"| {found.records} records |" in growth.table([found], "x")


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_the_time_from_notice_to_acknowledgement_is_measured() -> None:
    found = latency.measure(3, 0, 7, _nothing)

    assert found.verdict.wrong == {}
    assert found.verdict.acknowledged == len(found.milliseconds) == 3
    assert "| 0 records |" in latency.table([found], "x")


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_the_memory_of_one_mail_is_measured() -> None:
    found = memory.measure(200_000, 7, _nothing)

    assert found.verdict.wrong == {}
    assert 190_000 < found.size <= 200_000
    assert found.peak >= found.before > 20_000_000
    assert "| 0.20 MB |" in memory.table([found], "x")


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_what_waiting_costs_is_measured() -> None:
    found = idle.measure(3, 1, _nothing, settle=0)

    assert found.memory > 20_000_000
    assert 0 <= found.share < 2
    assert "| 3 |" in idle.table([found], "x")


def test_how_fast_a_year_is_simulated_is_measured() -> None:
    found = simulate.measure(60, 7)

    assert found.found == found.there
    assert "| 60 |" in simulate.table(found, "x")


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
