"""One value compared: what was expected of a field, and what came."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`case` names the message; `agrees` or not; `expected` and `got` are for people."""

    case: str
    field: str
    agrees: bool
    expected: str = ""
    got: str = ""


def equal(case: str, field: str, expected: object, got: object) -> Finding:
    """Return the finding of two values that ought to be the same."""
    return Finding(case, field, expected == got, repr(expected), repr(got))
