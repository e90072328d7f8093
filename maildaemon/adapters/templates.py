"""Writes mails from the operator's templates, with Jinja2 in its sandbox.

`response.txt` (its first line is the subject) and `response.html` say in which order things are
told; a language is a folder with `words.txt`, the sentences, and may have a `response.txt` or
`response.html` of its own. Templates come from files only; what a customer wrote is data in them,
never a template.
"""

import re
import traceback
from collections.abc import Collection, Iterator, Mapping
from datetime import tzinfo
from html import unescape
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.meta import find_referenced_templates
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maildaemon.adapters.awkward import awkward_drafts, awkward_reminders
from maildaemon.adapters.template_values import template_values
from maildaemon.adapters.timed_values import SHIPPED
from maildaemon.adapters.vocabulary import Vocabulary, parse_words, unread, verify
from maildaemon.domain.delivery import Draft, Note, Section
from maildaemon.domain.transcript import Said, Transcript, Worded
from maildaemon.errors import OperatorError
from maildaemon.mail.compose import clean_header, compose_mail, echo_subject
from maildaemon.mail.compose_note import compose_note
from maildaemon.shipped import shipped

_ORDERS = ("response.txt", "response.html")
_WORDS = "words.txt"
_CALLED = {"notice": "notice", "follow_up": "reminder"}
_MAX_OUTPUT = 100_000
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

    def __init__(
        self,
        languages: tuple[str, ...],
        default: str,
        own: Path | None = None,
        notices: tuple[str, ...] = (),
        reminders: tuple[str, ...] = (),
        timed: Collection[Section] = (),
    ) -> None:
        """Write in these languages; take each file, and each line of `words.txt`, from `own`, or
        the shipped one if it has none. What mails will have to tell: `notices` and `reminders` by
        their names, and the sections that time brings (`timed`).

        Nothing is verified before `check`.
        """
        self._notices = tuple(dict.fromkeys(notices))
        self._reminders = tuple(it for it in dict.fromkeys(reminders) if it not in SHIPPED)
        self._timed = frozenset(timed)
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
        self._vocabularies: dict[str, Vocabulary] = {}

    def languages(self) -> tuple[str, ...]:
        """See `Composer.languages`; of the supported ones, the default first."""
        return tuple(it for it in self._supported if self._is_spoken(it))

    def compose(self, draft: Draft) -> bytes:
        """See `Composer.compose`. Raises OperatorError if a template is missing or broken.

        What is asked for in another language is written in the default one.
        """
        language = self._spoken(draft.language)
        vocabulary = self._vocabulary(language)
        place = self._place(f"{language}/{_WORDS}")
        context = template_values(draft, vocabulary, self._vocabulary(self._default), place)
        plain, html = (self._order(language, it) for it in _ORDERS)
        rendered = self._render(plain, context).strip()
        first, _, text = _BLANK_LINES.sub("\n\n", rendered).partition("\n")
        label, _, fixed = first.partition(":")
        if label.strip() != "Subject" or not clean_header(fixed):
            raise OperatorError(
                f"the mail begins with {first[:80]!r}",
                where=self._place(plain),
                advice="the first line must be `Subject: …`",
            )
        subject = echo_subject(draft.subject or "") or clean_header(fixed)
        page = self._render(html, {**context, "subject": subject})
        if isinstance(timed := context["timed"], Mapping):
            self._prove_told(timed["text"], {plain: rendered, html: unescape(page)})
        return compose_mail(draft, subject, text.lstrip("\n"), page)

    def _prove_told(self, text: str, rendered: Mapping[str, str]) -> None:
        """Raise OperatorError if an order of the operator's own tells all but what matters."""
        for name, said in rendered.items():
            if text not in said:
                raise OperatorError(
                    f"the mail does not say {text[:60]!r}",
                    where=self._place(name),
                    advice="say `timed.text` where there is one, as the shipped file does",
                )

    def words_for_partner(self, language: str, reference: str) -> tuple[str, str]:
        """See `Composer.words_for_partner`."""
        say = self._vocabulary(self._spoken(language)).fill
        texts = (say("partner_text"), say("partner_reply", reference=reference))
        return f"[#{reference}] {say('partner_title')}", "\n\n".join(texts)

    def word_transcript(self, transcript: Transcript, zone: tzinfo) -> Worded:
        """Return the conversation in the words of its customer's language."""
        words = self._vocabulary(self._spoken(transcript.language))
        heads = {True: "transcript_you", False: "transcript_we"}
        said = (
            (words.fill(heads[one.by_customer], date=_day(words, one, zone)), one.text)
            for one in transcript.said
        )
        opening = (words.fill("greeting"), words.fill("transcript"))
        return Worded(words.language, opening, tuple(said), words.fill("goodbye"))

    def compose_note(self, note: Note) -> bytes:
        """See `Composer.compose_note`."""
        return compose_note(note)

    def check(self, *, shipped: bool = True) -> None:
        """Write every mail in every language with awkward values; raise OperatorError.

        Without `shipped` what is shipped is read, and not written: at a start nobody need wait for
        what the tests of this version have done. An update beside a running daemon changes nothing.
        """
        self._check_files()
        self._check_names()
        if not shipped and len(self._folders) == 1:
            self._read()
            return
        for language in self._supported:
            for draft in awkward_drafts(language, self._notices):
                self.compose(draft)
            for draft in awkward_reminders(language, self._reminders):
                if self._timed & {*draft.sections}:
                    self.compose(draft)

    def _read(self) -> None:
        for language in self._supported:
            self._vocabulary(language)
            for name in _ORDERS:
                self._environment.get_template(self._order(language, name))

    def _check_files(self) -> None:
        for folder in self._folders:
            if not folder.is_dir():
                raise OperatorError(f"{folder} is no folder", where="service.templates")
        for language in self._supported:
            if not self._is_spoken(language):
                raise OperatorError(
                    f"the language {language!r} lacks {_WORDS}",
                    where="service.templates",
                    advice="copy that of another language and translate it",
                )

    def _check_names(self) -> None:
        for option, line in self._named():
            if not self._tells(self._default, line):
                kind, _, name = line.partition(".")
                raise OperatorError(
                    f"there is no text for the {_CALLED[kind]} {name!r}",
                    where=option,
                    advice=f"add a line `{line}: …` to {self._default}/{_WORDS} in the folder of "
                    "`service.templates`",
                )

    def remarks(self) -> tuple[str, ...]:
        """Return what works but can hardly be meant; after `check`."""
        untold = (
            f"{option}: {line.partition('.')[2]!r} has no text in `{language}`; it will be told in "
            f"`{self._default}`"
            for option, line in self._named()
            for language in self._supported
            if not self._tells(language, line)
        )
        return (*self.unused(), *self._unread(), *untold)

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
        used = {f"{language}/{_WORDS}" for language in self._supported}
        ahead = {self._order(language, it) for language in self._supported for it in _ORDERS}
        while ahead:
            name = ahead.pop()
            used.add(name)
            tree = self._environment.parse(self._source(name))
            ahead |= {it for it in find_referenced_templates(tree) if it} - used
        return used

    def _why_unused(self, name: str) -> str:
        folder, _, rest = name.rpartition("/")
        if folder and folder not in self._supported:
            return f"no language `{folder}`; the folders are {', '.join(self._supported)}"
        files = (*_ORDERS, *((_WORDS,) if folder else ()))
        return f"no mail is written from `{rest}`; the files are {', '.join(files)}"

    def _unread(self) -> Iterator[str]:
        """Say which own lines no mail is written from; own templates may read any."""
        own = [it for it in self._folders[:-1] if not any(it.rglob("response.*"))]
        for path in (folder / language / _WORDS for folder in own for language in self._supported):
            if path.is_file():
                odd = unread(parse_words(path.read_text("utf-8-sig")))
                yield from (f"{path}: no mail is written from the line `{it}`" for it in odd)

    def _is_spoken(self, language: str) -> bool:
        return f"{language}/{_WORDS}" in self._files

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield the lines that the configuration names, each with the option that does."""
        yield from (("notices", f"notice.{it}") for it in self._notices)
        yield from (("follow_up", f"follow_up.{it}") for it in self._reminders)

    def _tells(self, language: str, line: str) -> bool:
        return line in self._vocabulary(language).words

    def _order(self, language: str, name: str) -> str:
        """Return the template of a language: its own if it has one."""
        special = f"{language}/{name}"
        return special if special in self._files else name

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

    def _vocabulary(self, language: str) -> Vocabulary:
        if language not in self._vocabularies:
            name = f"{language}/{_WORDS}"
            words: dict[str, str] = {}
            # The operator's lines go before the shipped ones.
            for loader in reversed(self._loader.loaders):
                words |= parse_words(self._source(name, loader))
            verify(words, self._place(name))
            self._vocabularies[language] = Vocabulary(language, words)
        return self._vocabularies[language]

    def _source(self, name: str, loader: BaseLoader | None = None) -> str:
        """Return a file; that of one folder may be missing."""
        try:
            return (loader or self._loader).get_source(self._environment, name)[0]
        except TemplateNotFound as error:
            if loader is not None:
                return ""
            raise OperatorError(f"cannot be read: {error}", where=self._place(name)) from error
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


def _day(words: Vocabulary, one: Said, zone: tzinfo) -> str:
    return words.show_day(one.at.astimezone(zone).date())
