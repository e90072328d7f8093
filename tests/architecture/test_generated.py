"""The files that are made from the settings models are current."""

from maildaemon.settings import example, reference
from tests.architecture.source import ROOT


def test_the_example_file_is_what_the_models_say() -> None:
    written = (ROOT / "config" / "maildaemon.example.yaml").read_text()

    assert written == example(), "run: make generate"


def test_the_reference_page_is_what_the_models_say() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text()

    assert written == reference(), "run: make generate"
