"""Options that nothing is done about yet: each is read into its value, and refused when wrong.

Whoever makes one work moves its line from here to a test of what it does.
"""

from typing import Any

import pytest

from tests.unit.test_settings import MINIMAL, problems, read

# An option; where it stands; what is written; what it is read as; what is wrong; what is said.
OPTIONS = [
    (
        "probe.every",
        "probe: {every: …}",
        "1 hour",
        "1 hour",
        "1 minute",
        "from 5 minutes to 24 hours",
    ),
]


def value_at(settings: Any, path: str) -> object:
    """Return what is shown of an option; of lists the first entry."""
    value = settings.model_dump(mode="json", exclude_none=True)
    for name in path.replace("[]", ".0").split("."):
        value = value[int(name)] if name == "0" else value[name]
    return value


@pytest.mark.parametrize(
    ("path", "frame", "written", "meant", "wrong", "said"),
    OPTIONS,
    ids=[option[0] for option in OPTIONS],
)
def test_an_option_is_read_into_its_value_and_refused_when_wrong(
    path: str, frame: str, written: str, meant: str, wrong: str, said: str
) -> None:
    settings = read(f"{MINIMAL}{frame.replace('…', written)}\n")

    value = value_at(settings, path)
    assert meant in str(value)
    assert value != value_or_none(read(MINIMAL), path), "this is the default"
    assert any(
        said in problem.message for problem in problems(f"{MINIMAL}{frame.replace('…', wrong)}\n")
    ), problems(f"{MINIMAL}{frame.replace('…', wrong)}\n")


def value_or_none(settings: Any, path: str) -> object:
    try:
        return value_at(settings, path)
    except (KeyError, IndexError):
        return None
