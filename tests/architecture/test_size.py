"""The guide is 30 lines a function and 300 a file; these are the bounds nothing may pass."""

from tests.architecture.source import ROOT, functions, modules

LONGEST_FUNCTION = 60
LONGEST_FILE = 500


def test_every_function_fits_on_a_screen() -> None:
    too_long = [
        f"{path}:{function.lineno} {function.name}: {lines} lines"
        for path, tree in modules().items()
        for function in functions(tree)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]

    assert too_long == []


def test_every_file_is_about_one_thing() -> None:
    too_long = [
        f"{path}: {lines} lines"
        for path in modules()
        if (lines := len((ROOT / path).read_text().splitlines())) > LONGEST_FILE
    ]

    assert too_long == []
