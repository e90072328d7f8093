"""docs/simulate.md says what the program says today."""

from tests import simulated


def test_a_conversation_is_simulated_as_the_page_says() -> None:
    assert simulated.page() == simulated.PAGE.read_text("utf-8"), "python -m tests.simulated"
