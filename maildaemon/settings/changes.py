"""Says which options differ between two configurations, by path and never by value."""

from collections.abc import Iterator

from pydantic import BaseModel

from maildaemon.settings.models import Settings

_ABSENT = object()


def changed_options(before: Settings, after: Settings) -> tuple[str, ...]:
    """Return the paths of all options that differ (`mailboxes[support].imap.host`), sorted; a
    mailbox that has come or gone is named as a whole. Empty if nothing differs.
    """
    return tuple(sorted(_differences(before, after, "")))


def _differences(before: object, after: object, path: str) -> Iterator[str]:
    if before == after:
        return
    parts = _parts(before), _parts(after)
    if type(before) is not type(after) or parts == ({}, {}):
        yield path
        return
    same = True
    for name in parts[0].keys() | parts[1].keys():
        inner = name if name.startswith("[") or not path else f".{name}"
        for one in _differences(
            parts[0].get(name, _ABSENT), parts[1].get(name, _ABSENT), path + inner
        ):
            same = False
            yield one
    if same and path:
        # What a file says that is named here: a calendar of holidays.
        yield path


def _parts(value: object) -> dict[str, object]:
    """Return what an option is made of; empty if it is given as a whole."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {field.alias or name: getattr(value, name) for name, field in fields.items()}
    if isinstance(value, tuple) and value and all(hasattr(one, "name") for one in value):
        # By name: a mailbox that moves within the list has not changed.
        return {f"[{one.name}]": one for one in value}
    return {}
