"""docs/explained.md says what the program says today."""

from tests import explained


def test_the_ten_mails_are_explained_as_the_page_says() -> None:
    assert explained.page() == explained.PAGE.read_text("utf-8"), "python -m tests.explained"
