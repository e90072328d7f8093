"""Says loudly what was not tested because a server is missing; with CI=true that is a failure.

A test whose server cannot be had raises ServerMissingError. On a developer's machine it is
counted and named at the end of the run instead of drowning the rest.
"""

import os
from collections import Counter
from collections.abc import Generator

import pytest

from tests.servers.process import ServerMissingError

_SAYS = "NOT TESTED: "


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, ServerMissingError) and os.environ.get("CI") != "true":
        report.outcome = "skipped"
        # One place for all, so that pytest prints one line and not hundreds.
        report.longrepr = (__name__, 0, f"{_SAYS}{error}")
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # The reports, not a note of our own: they come from worker processes.
    reasons = [report.longrepr for report in terminalreporter.stats.get("skipped", ())]
    missing = Counter(
        reason.removeprefix(_SAYS) for place, _, reason in reasons if place == __name__
    )
    if not missing:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for reason, count in missing.items():
        terminalreporter.line(f"{count} tests did not run: {reason}", red=True, bold=True)
    terminalreporter.line("This run proves less than it seems to. With CI=true it would fail.")
