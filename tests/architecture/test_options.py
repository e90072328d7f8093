"""Each option of the reference is used by a test that says what comes of it."""

import inspect
from importlib import import_module
from typing import Any

import pytest

from tests.options import TESTS
from tests.unit.test_settings_pages import options_by_path


def test_every_option_has_a_test() -> None:
    """An option that is only a block of others has none of its own."""
    options = {
        path for path, option in options_by_path() if option.sections[0] is None or option.elsewhere
    }

    assert len(options) > 100
    assert options - TESTS.keys() == set(), "name a test of it in tests/options.py"
    assert TESTS.keys() - options == set(), "no option has this name"


@pytest.mark.parametrize("option", sorted(TESTS))
def test_the_test_of_an_option_exists_and_is_about_it(option: str) -> None:
    file, _, node = TESTS[option].partition("::")
    name, bracket, case = node.partition("[")

    module = import_module(file.removesuffix(".py").replace("/", "."))
    test = getattr(module, name)

    last = option.removesuffix("[]").rpartition(".")[2]
    if bracket:
        assert case.removesuffix("]") in _cases(test)
        assert last in case
    else:
        assert last in inspect.getsource(test)


def _cases(test: Any) -> list[str]:
    """Return the ids of a test's parameters."""
    (mark,) = (one for one in test.pytestmark if one.name == "parametrize")
    return [str(one) for one in mark.kwargs.get("ids") or mark.args[1]]
