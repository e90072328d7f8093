"""Three controls taken out, as `python -m tests.security.controls` does with all of them."""

from dataclasses import replace

import pytest

from tests.security.controls import campaign
from tests.security.register import REGISTER, Control

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(300)]

ROWS = {row.id: row for row in REGISTER}


def test_a_control_that_is_taken_out_is_noticed() -> None:
    table = campaign([ROWS["S8"], ROWS["S11"], ROWS["S23"]])

    assert table.broken == [], str(table)


def test_what_nobody_watches_is_told() -> None:
    idle = Control("a remark", "pyproject.toml", '  "tzdata",\n', '  "tzdata",  # zones\n')

    table = campaign([replace(ROWS["S8"], controls=(idle,))], parallel=1)

    assert table.broken == ["S8 a remark: -; noticed"]
