"""What stands in docs/samples is what customers get today."""

import pytest

from tests.campaigns import conversations


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_the_conversations_go_as_they_should_and_read_as_the_samples_say() -> None:
    table, pages = conversations.campaign()

    assert table.broken == [], str(table)
    written = {it.name: it.read_text("utf-8") for it in conversations.SAMPLES.iterdir()}
    assert pages == written, "write them anew: python -m tests.campaigns.conversations"
