"""Writes mails from the operator's templates, with Jinja2 in its sandbox.

A language is a folder with `response.txt` (its first line is the subject), `response.html` and
`words.txt` (a word or sentence a line). Templates come from files only; what a customer wrote is
data in them, never a template.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.meta import find_referenced_templates
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maildaemon.domain.attachments import Reason
from maildaemon.domain.delivery import Draft, Refusal, Section
from maildaemon.domain.message import Address
from maildaemon.errors import OperatorError
from maildaemon.mail.compose import clean_header, compose_mail, echo_subject
from maildaemon.mail.wording import KINDS, clean, show_filename, show_size, show_types
from maildaemon.shipped import shipped

_FILES = ("response.txt", "response.html", "words.txt")
_WORDS = frozenset({*KINDS, "file", *(reason.value for reason in Reason)})
_MAX_OUTPUT = 100_000
_MAX_FILES = 20
_MAX_WORDS = 500
_BLANK_LINES = re.compile(r"\n{3,}")

# What the text of a template, or an expression in it, can do wrong.
_BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class TemplateComposer:
    """A `Composer`. What was read once stays: a half-saved template never reaches a customer."""

    def __init__(self, languages: tuple[str, ...], default: str, own: Path | None = None) -> None:
        """Write in these languages; take each file from `own`, or the shipped one if it has none.

        Nothing is verified before `check`.
        """
        self._default = default
        self._supported = tuple(dict.fromkeys((default, *languages)))
        self._folders = (*((own,) if own else ()), shipped("config") / "templates")
        self._loader = ChoiceLoader(
            # Windows editors put a mark at the beginning of a file.
            [FileSystemLoader(it, encoding="utf-8-sig") for it in self._folders]
        )
        self._environment = ImmutableSandboxedEnvironment(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(("html",), default=False),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._files = frozenset(self._loader.list_templates())
        self._vocabularies: dict[str, Mapping[str, str]] = {}

    def languages(self) -> tuple[str, ...]:
        """See `Composer.languages`; of the supported ones, the default first."""
        return tuple(it for it in self._supported if not self._missing(it))

    def compose(self, draft: Draft) -> bytes:
        """See `Composer.compose`. Raises OperatorError if a template is missing or broken.

        What is asked for in another language is written in the default one.
        """
        language = self._spoken(draft.language)
        context = _context(draft, self._words(language))
        rendered = self._render(f"{language}/response.txt", context).strip()
        first, _, text = _BLANK_LINES.sub("\n\n", rendered).partition("\n")
        label, _, fixed = first.partition(":")
        if label.strip() != "Subject" or not clean_header(fixed):
            raise OperatorError(
                f"the mail begins with {first[:80]!r}",
                where=self._place(f"{language}/response.txt"),
                advice="the first line must be `Subject: …`",
            )
        subject = echo_subject(draft.subject or "") or clean_header(fixed)
        html = self._render(f"{language}/response.html", {**context, "subject": subject})
        return compose_mail(draft, subject, text.lstrip("\n"), html)

    def check(self) -> None:
        """Write every mail in every language with awkward values; raise OperatorError."""
        for folder in self._folders:
            if not folder.is_dir():
                raise OperatorError(f"{folder} is no folder", where="service.templates")
        for language in self._supported:
            if missing := self._missing(language):
                raise OperatorError(
                    f"the language {language!r} lacks {', '.join(missing)}",
                    where="service.templates",
                    advice="copy the files of another language and translate them",
                )
            for draft in awkward_drafts(language):
                self.compose(draft)

    def unused(self) -> tuple[str, ...]:
        """Return what is wrong with each own file that no mail is written from; after `check`."""
        own, *shipped_ones = self._folders
        if not shipped_ones:
            return ()
        paths = (it.relative_to(own) for it in sorted(own.rglob("*")) if it.is_file())
        # Editors and version control keep files of theirs beside ours.
        names = [it.as_posix() for it in paths if it.suffix in {".txt", ".html"}]
        used = self._used()
        return tuple(
            f"{own / it}: {self._why_unused(it)}"
            for it in names
            if it not in used and not any(part.startswith(".") for part in it.split("/"))
        )

    def _used(self) -> set[str]:
        """Return what the mails are written from, with what that includes, extends or imports."""
        used = {f"{language}/words.txt" for language in self._supported}
        ahead = {f"{it}/{name}" for it in self._supported for name in _FILES} - used
        while ahead:
            name = ahead.pop()
            used.add(name)
            tree = self._environment.parse(self._source(name))
            ahead |= {it for it in find_referenced_templates(tree) if it} - used
        return used

    def _why_unused(self, name: str) -> str:
        folder, _, rest = name.rpartition("/")
        if folder in self._supported:
            return f"no mail is written from `{rest}`; the files are {', '.join(_FILES)}"
        return f"no language `{folder or '.'}`; the folders are {', '.join(self._supported)}"

    def _missing(self, language: str) -> list[str]:
        return [it for it in _FILES if f"{language}/{it}" not in self._files]

    def _spoken(self, language: str) -> str:
        usable = self.languages()
        wanted = (language, language.partition("-")[0])
        return next((it for it in wanted if it in usable), self._default)

    def _render(self, name: str, context: Mapping[str, object]) -> str:
        output: list[str] = []
        size = 0
        try:
            for piece in self._environment.get_template(name).generate(context):
                output.append(piece)
                size += len(piece)
                if size > _MAX_OUTPUT:
                    break
        except _BROKEN as error:
            raise OperatorError(
                f"the template cannot be used: {type(error).__name__}: {error}",
                where=self._place(name, error),
                advice="compare it with the one that is shipped",
            ) from error
        if size > _MAX_OUTPUT:
            raise OperatorError(
                f"the mail would be longer than {_MAX_OUTPUT} characters", where=self._place(name)
            )
        return "".join(output)

    def _words(self, language: str) -> Mapping[str, str]:
        if language not in self._vocabularies:
            name = f"{language}/words.txt"
            pairs = [line.partition(":") for line in self._source(name).splitlines()]
            words = {key.strip(): clean(value, _MAX_WORDS) for key, _, value in pairs}
            if missing := sorted(key for key in _WORDS if not words.get(key)):
                raise OperatorError(
                    f"no words for {', '.join(missing)}",
                    where=self._place(name),
                    advice="add a line `name: what the customer reads` for each",
                )
            self._vocabularies[language] = words
        return self._vocabularies[language]

    def _source(self, name: str) -> str:
        try:
            return self._loader.get_source(self._environment, name)[0]
        except _BROKEN as error:
            raise OperatorError(f"cannot be read: {error}", where=self._place(name)) from error

    def _place(self, name: str, error: BaseException | None = None) -> str:
        """Return `file:line` of the innermost template that the error went through."""
        if isinstance(error, TemplateSyntaxError) and error.filename:
            return f"{error.filename}:{error.lineno}"
        paths = [folder / name for folder in self._folders]
        path = next((it for it in paths if it.is_file()), paths[0])
        frames = traceback.extract_tb(error.__traceback__) if error else []
        roots = tuple(str(it) for it in self._folders)
        lines = [f"{it.filename}:{it.lineno}" for it in frames if it.filename.startswith(roots)]
        return lines[-1] if lines else str(path)


def _context(draft: Draft, words: Mapping[str, str]) -> dict[str, object]:
    """Return the values a template may use; all are text, lists of text, or numbers."""
    told = draft.refusals[:_MAX_FILES]
    return {
        "sections": [section.value for section in draft.sections],
        "reference": draft.reference,
        "shop": clean_header(draft.sender.name) or draft.sender.address,
        "refused_files": [
            {
                "name": show_filename(
                    refusal.filename, f"{words['file']} {number}", known=draft.sender_known
                ),
                "why": words[refusal.reason],
            }
            for number, refusal in enumerate(told, 1)
        ],
        "more_files": len(draft.refusals) - len(told),
        "accepted": show_types(draft.accepted_types, words),
        "max_file_size": show_size(draft.max_file_size),
    }


def awkward_drafts(language: str) -> Iterator[Draft]:
    """Yield drafts that use every part of the templates, with values at their worst."""
    worst = "{{ 7*7 }} {% raw %} </title><b>&amp;\"'\u202e\r\nBcc: x@y.example " + "è" * 300
    acknowledgement = Draft(
        message_id="awkward@shop.example",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        sender=Address(worst, "support@shop.example"),
        recipient=Address(worst, "anna@customer.example"),
        language=language,
        reference="K7F3-Q2",
        sections=(Section.ACKNOWLEDGEMENT,),
        subject=None,
        in_reply_to=worst,
        references=(worst,),
        loop_token="awkward",  # noqa: S106 - no secret
        thread_topic=worst,
    )
    yield acknowledgement
    yield replace(acknowledgement, sender=Address("", "support@shop.example"), subject=worst)
    refused = replace(
        acknowledgement,
        sections=(Section.REFUSED_FILES,),
        refusals=tuple(Refusal(f"{worst}.exe", reason) for reason in Reason),
    )
    yield refused
    yield replace(
        refused,
        sections=tuple(Section),
        refusals=refused.refusals * _MAX_FILES,
        accepted_types=("image/jpeg", "application/pdf", "application/x-{{ 7*7 }}"),
        max_file_size=10_000_000,
    )
