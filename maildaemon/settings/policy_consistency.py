"""Mistakes within a policy that show only when several sections are seen together."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maildaemon.domain.spans import parse_span
from maildaemon.domain.understanding import Fact
from maildaemon.settings.document import Block, Loc
from maildaemon.settings.policies import LanguageSettings
from maildaemon.settings.span_consistency import endless_spans
from maildaemon.shipped import shipped

_Mistakes = Iterator[tuple[Loc, str]]
_NAMED = ("rules", "order_numbers", "partners")


@dataclass(frozen=True, slots=True)
class _Policy:
    """The sections that stand at `loc`, and the general ones, which hold where these are silent."""

    loc: Loc
    own: Block
    general: Block

    def section(self, name: str) -> object:
        own = self.own.get(name)
        return self.general.get(name) if own is None else own


def policy_mistakes(root: Block, folder: Path) -> _Mistakes:
    """Yield every contradiction in the general policy and in those of the mailboxes.

    `folder` is that of the file: relative paths count from it.
    """
    for policy in _policies(root):
        yield from _same_names(policy)
        yield from _rules(policy)
        yield from _follow_up(policy)
        yield from endless_spans(policy.section, policy.own, policy.loc)
        yield from _default_language(policy)
        yield from _languages_without_words(policy, _templates(root, folder))
    yield from _mailbox_languages(root)


def _policies(root: Block) -> Iterator[_Policy]:
    yield _Policy((), root, Block())
    for at, mailbox in _blocks(root.get("mailboxes")):
        own = mailbox.get("policy")
        if isinstance(own, Block):
            yield _Policy(("mailboxes", at, "policy"), own, root)


def _same_names(policy: _Policy) -> _Mistakes:
    for section in _NAMED:
        seen = set()
        for at, entry in _blocks(policy.own.get(section)):
            name = _same(entry.get("name"))
            if name and name in seen:
                yield (*policy.loc, section, at, "name"), f"`{name}` is given twice; rename one"
            seen.add(name)


def _rules(policy: _Policy) -> _Mistakes:
    partners = {_same(one.get("name")) for _, one in _blocks(policy.section("partners"))}
    for at, rule in _blocks(policy.own.get("rules")):
        loc = (*policy.loc, "rules", at)
        forward = _same(rule.get("forward"))
        if forward and forward not in partners:
            yield (*loc, "forward"), f"no partner is called `{forward}`; add it to `partners`"
        for index, fact in enumerate(_list(rule.get("need"))):
            if _same(fact) == Fact.ORDER_NUMBER and not policy.section("order_numbers"):
                words = "nobody knows what an order number looks like; add `order_numbers`"
                yield (*loc, "need", index), words


def _follow_up(policy: _Policy) -> _Mistakes:
    """A ladder goes upwards, and ends where the matter is settled."""
    before, settled = None, False
    for at, step in _blocks(policy.own.get("follow_up")):
        loc = (*policy.loc, "follow_up", at, "after")
        if settled:
            yield loc, "the step before has settled the matter; take this one out, or move it up"
        settled = settled or _same(step.get("resolve")) in ("yes", "true", "on")
        try:
            span = parse_span(str(step.get("after")))
        except ValueError:
            continue
        if before and (before == span or before.is_longer_than(span)):
            yield loc, f"the step before comes later ({before}); put the steps in order"
        before = span


def _default_language(policy: _Policy) -> _Mistakes:
    languages = policy.section("languages") if not policy.loc else policy.own.get("languages")
    if policy.loc and languages is None:
        return
    default, supported = _languages(languages)
    if default not in supported:
        yield (*policy.loc, "languages", "default"), _not_supported(default)


def _mailbox_languages(root: Block) -> _Mistakes:
    for at, mailbox in _blocks(root.get("mailboxes")):
        own = mailbox.get("policy")
        policy = _Policy((), own if isinstance(own, Block) else Block(), root)
        _, supported = _languages(policy.section("languages"))
        for index, language in enumerate(_list(mailbox.get("languages"))):
            if _same(language) not in supported:
                loc = ("mailboxes", at, "languages", index)
                yield loc, _not_supported(_same(language))


def _languages(given: object) -> tuple[str, list[str]]:
    usual, block = LanguageSettings(), given if isinstance(given, Block) else Block()
    default, supported = block.get("default"), block.get("supported")
    known = supported if isinstance(supported, list) else [*usual.supported]
    return _same(default if isinstance(default, str) else usual.default), [*map(_same, known)]


def _not_supported(language: str) -> str:
    return f"`{language}` is not among `languages.supported`; add it there, or drop it"


def _languages_without_words(policy: _Policy, folders: tuple[Path, ...]) -> _Mistakes:
    languages = policy.own.get("languages")
    supported = languages.get("supported") if isinstance(languages, Block) else None
    for index, language in enumerate(_list(supported)):
        code = _same(language)
        if len(code) == len("en") and not any((folder / code).is_dir() for folder in folders):
            words = f"there are no texts in `{code}`; copy `words.txt` of another language into"
            loc = (*policy.loc, "languages", "supported", index)
            yield loc, f"{words} `{code}` in `service.templates` and translate it, or drop it"


def _templates(root: Block, folder: Path) -> tuple[Path, ...]:
    service = root.get("service")
    own = service.get("templates") if isinstance(service, Block) else None
    shipped_ones = shipped("config") / "templates"
    return (folder / own, shipped_ones) if isinstance(own, str) else (shipped_ones,)


def _blocks(value: object) -> Iterator[tuple[int, Block]]:
    yield from ((at, one) for at, one in enumerate(_list(value)) if isinstance(one, Block))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _same(text: object) -> str:
    """Return the form in which two spellings are equal; empty if there is no text."""
    return text.strip().lower() if isinstance(text, str) else ""
