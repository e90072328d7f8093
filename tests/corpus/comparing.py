"""Compares what was read with what is known of a case, field by field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.corpus import conversations, files, header, hostile, machines, texts
from tests.corpus.finding import Finding
from tests.corpus.loading import Case, Corpora
from tests.corpus.reading import Conversation, Reading

# Said about a case, and no value that could be compared.
_NO_VALUE = frozenset(
    "kind source note title files messages robustness_only transform text_file_bytes "
    "html_text_file html_text_file_bytes "
    "upstream_test upstream_options upstream_asserted_values attachments_semantics source_file "
    "filename disguised messages_in_thread signature_contains".split()
)
_SINGLE: tuple[Mapping[str, Callable[..., Iterator[Finding]]], ...] = (
    header.COMPARED,
    files.COMPARED,
    texts.COMPARED,
    machines.COMPARED,
    hostile.COMPARED,
)
COMPARED = frozenset().union(*_SINGLE, conversations.COMPARED)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found about a case; `uncompared` are values that nothing here knows to compare."""

    findings: tuple[Finding, ...]
    uncompared: frozenset[str]


def compare(corpora: Corpora, case: Case, reading: Reading) -> Comparison:
    """Return every value that was compared of a single message."""
    compared = {
        function for one in _SINGLE for key, function in one.items() if key in case.expected
    }
    findings = [one for function in compared for one in function(corpora, case, reading)]
    return Comparison(tuple(sorted(findings)), _uncompared(case))


def compare_conversation(case: Case, conversation: Conversation, order: str) -> Comparison:
    """Return every value that was compared of messages that belong together."""
    return Comparison(tuple(conversations.compare(case, conversation, order)), _uncompared(case))


def _uncompared(case: Case) -> frozenset[str]:
    return frozenset(case.expected) - COMPARED - _NO_VALUE
