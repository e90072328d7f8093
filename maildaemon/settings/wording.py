"""Turns what pydantic finds into sentences for an operator."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from maildaemon.settings.catalogue import fields_of, option_at, section_at
from maildaemon.settings.document import Document, Loc
from maildaemon.settings.options import WrongError, found, suggestion
from maildaemon.settings.write import flow


def report(error: ValidationError, document: Document) -> None:
    """Add every mistake to the problems of the document."""
    for detail in error.errors(include_url=False):
        loc: Loc = detail["loc"]
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, WrongError):
            loc = (*loc, *cause.at)
        missing = detail["type"] == "missing"
        # A list of which every entry is wrong counts as empty too; the entries say enough.
        if detail["type"] == "too_short" and detail["input"]:
            continue
        if loc in document.broken or (missing and loc[:-1] in document.broken):
            continue
        at_key = missing or detail["type"] == "extra_forbidden"
        place = document.nearest_key(loc) if at_key else document.nearest_value(loc)
        document.complain(loc, _sentence(detail), place)


def _sentence(detail: ErrorDetails) -> str:
    loc: Loc = detail["loc"]
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "missing":
            return _missing(loc)
        case "extra_forbidden":
            return _unknown(loc)
        case "model_type" | "model_attributes_type":
            return f"expected options (`option: value`), found {found(detail['input'])}"
        case "tuple_type" | "list_type":
            return f"expected a list such as `[one, two]`, found {found(detail['input'])}"
        case "too_short":
            return "the list is empty; give at least one"
        case "greater_than_equal" | "less_than_equal":
            return _out_of_limits(loc)
        case _:
            return detail["msg"]


def _missing(loc: Loc) -> str:
    name, option = str(loc[-1]), option_at(loc)
    if option is None or option.example == "":
        return f"`{name}` is missing; add it"
    return f"`{name}` is missing; add for example `{name}: {flow(option.example)}`"


def _unknown(loc: Loc) -> str:
    name, section = str(loc[-1]), section_at(loc[:-1])
    return f"unknown option `{name}`{suggestion(name, [*fields_of(section)])}"


def _out_of_limits(loc: Loc) -> str:
    option = option_at(loc)
    return f"must be {option.limits if option else 'within its limits'}"
