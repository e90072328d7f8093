"""The pages made from the models: example, reference, schema, and what a new user begins with."""

import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from maildaemon.settings.catalogue import Option, options_of
from maildaemon.settings.models import Settings
from maildaemon.settings.options import Section
from maildaemon.settings.write import as_item, block, entry, flow, quoted

_WIDTH = 96
_PLACE = re.compile(r"(?P<scheme>sqlite:///)?(?P<path>/.+)")

_EXAMPLE_HEAD = """\
# Every option of maildaemon. What must be given stands as it is; lines such as `#mode: shadow`
# show the default, or an example where there is none: take the `#` away to change it.
# Relative paths count from this file. All values are read as they look: no quotes needed."""

_SIGNED = "What your own mail server calls itself where it says who wrote a mail; it is believed."

_REFERENCE_HEAD = """\
# Configuration

One YAML file, read strictly: every mistake in it is found at once and named by line and column,
and nothing is guessed. Relative paths count from the folder of the file. Durations are written
as `90 seconds`, `10 minutes`, `24h` or `1 h 30 min`; sizes as `25 MB` (25 000 000 bytes) or
`25 MiB`; rates as `3 in 24 hours`; switches as `yes` or `no`. Duplicate options, tags, anchors,
aliases, merge keys and several documents in one file are refused.

Spans are of four kinds: `48 business hours` (of each business day all 24 hours count),
`3 business days` (the same time, so many business days later), `9 open hours` (only opening time
counts), and `36 hours` or `2 days` as the clock goes.

A file with everything in it is [maildaemon.example.yaml](../config/maildaemon.example.yaml).
This page is made from the program; do not edit it by hand."""


def example() -> str:
    """Return a commented configuration with every option, which loads as it stands."""
    return "\n".join([_EXAMPLE_HEAD, *_example_of(Settings, 0)]) + "\n"


def reference() -> str:
    """Return the reference of every option as Markdown."""
    return "\n".join([_REFERENCE_HEAD, *_reference_of(Settings, "")])


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the file, for editors."""
    schema = Settings.model_json_schema(mode="validation")
    sections = schema.pop("$defs")
    for section in _sections(Settings):
        described = schema if section is Settings else sections[section.__name__]
        if section is not Settings and "required" not in described:
            # A header under which everything is commented out.
            described["type"] = ["object", "null"]
        for option in options_of(section):
            written = described["properties"][option.name]
            written.pop("title", None)
            if "default" in written:
                written["default"] = option.default
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, **schema, "$defs": sections}


def show(settings: Settings) -> str:
    """Return the configuration in force as YAML: defaults filled in, passwords left out, included
    files put in.
    """
    return "\n".join(block(_shown(settings))) + "\n"


def _shown(settings: Settings) -> dict[str, object]:
    return settings.model_dump(mode="json", exclude_none=True, exclude={"include"})


def fingerprint(settings: Settings) -> str:
    """Return a hash that differs where `show` does: no password is in it, and no comment. Through
    whichever symbolic links the configuration and what it names are reached makes no difference.
    """
    return sha256(repr(_resolved(_shown(settings))).encode()).hexdigest()


def _resolved(shown: object) -> object:
    """Return what is shown, each path as that of the file itself."""
    match shown:
        case dict():
            return {name: _resolved(it) for name, it in shown.items()}
        case list():
            return [_resolved(it) for it in shown]
        case str() if path := _PLACE.fullmatch(shown):
            return f"{path['scheme'] or ''}{os.path.realpath(path['path'])}"
        case _:
            return shown


def minimal(  # noqa: PLR0913  one for each thing that a new user may say
    address: str,
    imap_host: str,
    smtp_host: str,
    *,
    username: str = "",
    imap_port: int | None = None,
    smtp_port: int | None = None,
    imap_ca: str = "",
    smtp_ca: str = "",
    sent: str = "",
    name: str = "",
    display_name: str = "",
    templates: str = "",
    authserv_id: str = "",
    login: Mapping[str, object] | None = None,
) -> str:
    """Return what a new user begins with: one mailbox, shadow mode.

    Without a `name` it is made from the address; without a `login` (`{"password": {"file":
    …}}`, or `oauth2`) a password is expected in a variable. `…_ca` are files of certificates,
    `sent` is the folder of sent mail where it is not found by itself, `templates` that of the
    shop's own words, `authserv_id` what the mail server calls itself.
    """
    local_part = address.partition("@")[0].lower()
    name = name or re.sub(r"[^a-z0-9]+", "-", local_part).strip("-")[:40] or "mail"
    login = {
        "username": username or address,
        **(login or {"password": {"env": password_variable(name)}}),
    }
    imap = _server(imap_host, imap_port, imap_ca) | login | ({"sent": sent} if sent else {})
    smtp = _server(smtp_host, smtp_port, smtp_ca) | login
    words = f"templates: {quoted(templates)}" if templates else "#templates: templates"
    signed = f"    # {_SIGNED}\n    authserv_id: {quoted(authserv_id)}\n" if authserv_id else ""
    sender = f"display_name: {quoted(display_name)}" if display_name else "#display_name: Your Shop"
    return f"""\
# `maildaemon config example` shows every option, and what it is for.

service:
  # shadow: everything is recorded and decided, nothing is sent. When you like what
  # `maildaemon status` and `maildaemon outbox list` show, write `live`.
  mode: shadow
  # The folder of sentences that customers are to read in other words (`init --templates`).
  {words}

database:
  url: sqlite:///var/maildaemon.db

mailboxes:
  - name: {quoted(name)}
    address: {quoted(address)}
    # What customers see as the sender, and at the end of each mail; without it the address.
    {sender}
    # Addresses of colleagues: never answered automatically, and warned when an answer is due.
    #staff: [anna@example.com]
{signed}    imap: {flow(imap)}
    smtp: {flow(smtp)}
"""


def _server(host: str, port: int | None, ca_file: str) -> dict[str, object]:
    given: dict[str, object] = {"host": host, "port": port, "ca_file": ca_file}
    return {name: value for name, value in given.items() if value}


def password_variable(name: str) -> str:
    """Return the environment variable in which `minimal` expects a mailbox's password."""
    word = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return f"{'_' if word[0].isdigit() else ''}{word}_PASSWORD"


def _example_of(section: type[Section], indent: int) -> Iterator[str]:
    for option in options_of(section):
        if indent == 0:
            yield ""
        inner, several = option.sections
        yield from _comment(_about(option), indent)
        if inner is None or option.elsewhere:
            yield from _example_line(option, indent)
        elif option.absent:
            yield from _commented(block({option.name: option.example}, indent), indent)
        elif several:
            yield f"{' ' * indent}{option.name}:"
            yield from as_item(list(_example_of(inner, indent + 4)))
        else:
            yield f"{' ' * indent}{option.name}:"
            yield from _example_of(inner, indent + 2)


def _example_line(option: Option, indent: int) -> list[str]:
    lines = entry(option.name, option.example, indent)
    if option.usual:
        return lines
    return _commented(lines, indent)


def _commented(lines: Iterable[str], indent: int) -> list[str]:
    return [f"{line[:indent]}#{line[indent:]}" for line in lines]


def _comment(text: str, indent: int) -> list[str]:
    margin = " " * indent + "# "
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_on_hyphens=False,
    )


def _reference_of(section: type[Section], path: str) -> Iterator[str]:
    """Yield the options of a section, then the sections beneath it."""
    options = [*options_of(section)]
    for option in options:
        if option.sections[0] is None or option.elsewhere:
            yield f"- **`{option.name}`** ({_facts(option)}): {_about(option)}"
    for option in options:
        inner, several = option.sections
        if inner is None or option.elsewhere:
            continue
        here = f"{path}{option.name}{'[]' if several else ''}"
        required = "Must be given. " if option.required else ""
        yield f"\n## `{here}`\n\n{required}{_about(option)}\n"
        yield from _reference_of(inner, f"{here}.")


def _about(option: Option) -> str:
    """Return what an option is for."""
    inner, _ = option.sections
    return " ".join((option.description or (inner.__doc__ if inner else "") or "").split())


def _sections(section: type[Section]) -> Iterator[type[Section]]:
    yield section
    for option in options_of(section):
        if inner := option.sections[0]:
            yield from _sections(inner)


def _facts(option: Option) -> str:
    facts = [option.word, option.limits]
    if option.required:
        facts.append("must be given")
    elif option.default not in (None, []):
        facts.append(f"default `{flow(option.default)}`")
    return "; ".join(fact for fact in facts if fact)
