"""How mails are understood: rules, order numbers, partners."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from maildaemon.domain.reading import Checksum, Part
from maildaemon.domain.rules import ShopHours
from maildaemon.domain.understanding import AfterAnswer, Fact, Priority
from maildaemon.settings.options import (
    EmailAddress,
    FilePath,
    Flag,
    Language,
    MediaType,
    Section,
    ShortName,
    Text,
    WebAddress,
    WrongError,
    one_of,
)
from maildaemon.settings.patterns import Expression, Words
from maildaemon.settings.secret import Password


class RuleCondition(Section):
    """Which messages; everything that is named must hold."""

    any: tuple[Words, ...] = Field(
        (),
        examples=[["damaged", "/arrived .* pieces/"]],
        description="At least one of these is found. Words stand alone, whatever their case; "
        "between slashes stands a regular expression.",
    )
    all: tuple[Words, ...] = Field(
        (), examples=[["invoice"]], description="Every one of these is found."
    )
    none: tuple[Words, ...] = Field(
        (), examples=[["newsletter"]], description="Not one of these is found."
    )
    places: tuple[Annotated[Part, one_of(Part)], ...] = Field(
        (Part.SUBJECT, Part.TEXT),
        alias="in",
        min_length=1,
        description="Where `any`, `all` and `none` look; the text without what is quoted in it.",
    )
    sender: tuple[Words, ...] = Field(
        (),
        examples=[["/@bank[.]example$/"]],
        description="The sender's address is one of these, belongs to one (`@bank.example`), or is "
        "matched by an expression.",
    )
    recipient: tuple[EmailAddress, ...] = Field(
        (), examples=[["returns@example.com"]], description="It is addressed to one of these."
    )
    attachments: tuple[MediaType, ...] = Field(
        (), examples=[["image/*"]], description="A file of one of these types came with it."
    )
    language: tuple[Language, ...] = Field(
        (), examples=[["it"]], description="It is written in one of these languages."
    )
    hours: Annotated[ShopHours, one_of(ShopHours)] | None = Field(
        None, examples=["closed"], description="It came while the shop is open, or closed."
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.model_fields_set - {"places"}:
            raise ValueError("no condition is given; write for example `any: [damaged, broken]`")
        if "places" in self.model_fields_set and not (self.any or self.all or self.none):
            raise WrongError("`in` needs `any`, `all` or `none` beside it", "in")
        return self


class RuleEffect(Section):
    """What a rule says of a message."""

    category: ShortName | None = Field(
        None, examples=["shipping"], description="What it is about, in a word of yours."
    )
    priority: Annotated[Priority, one_of(Priority)] | None = Field(
        None, examples=["urgent"], description="How urgent it is."
    )
    tags: tuple[ShortName, ...] = Field(
        (), examples=[["damage"]], description="Words to find it by."
    )
    promise: Annotated[Priority, one_of(Priority)] | None = Field(
        None,
        examples=["high"],
        description="The priority whose promise holds, if it is not that of `priority`.",
    )


class LinkSettings(Section):
    """A page that may answer the question at once."""

    title: Text = Field(examples=["Returns"], description="What the link says.")
    url: WebAddress = Field(
        examples=["https://shop.example/returns"], description="Where it leads."
    )


class RuleSettings(Section):
    """What certain words, senders or files mean.

    Rules are read from the top. If several match, the first that says something decides where there
    can be only one (`category`, `promise`, `assign`, `forward`, `after_answer`); the most urgent
    `priority` wins; `tags`, `need` and `faq` add up. docs/rules.md has examples.
    """

    name: Text = Field(
        examples=["damaged on delivery"], description="What `explain` calls it; each name once."
    )
    when: RuleCondition = Field()
    set: RuleEffect = Field(default_factory=RuleEffect)
    need: tuple[Annotated[Fact, one_of(Fact)], ...] = Field(
        (),
        examples=[["order_number", "photo"]],
        description="What must be known; what is missing is asked for, once.",
    )
    faq: tuple[LinkSettings, ...] = Field((), examples=[[]])
    assign: EmailAddress | None = Field(
        None, examples=["anna@example.com"], description="The colleague whose matter it is."
    )
    forward: ShortName | None = Field(
        None, examples=["watchmaker"], description="The one of `partners` who gets it."
    )
    mute: Flag = Field(False, description="Send nothing automatic in this conversation.")
    after_answer: Annotated[AfterAnswer, one_of(AfterAnswer)] | None = Field(
        None,
        examples=["working"],
        description="Whose turn it is after our answer: `working` if we owe more, else `pending`.",
    )

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not self.model_fields_set - {"name", "when"}:
            raise ValueError("this rule does nothing; add for example `set: {priority: urgent}`")
        return self


class LookupSettings(Section):
    """Where it is looked up whether an order exists: a CSV file, or a database."""

    csv: FilePath | None = Field(
        None, examples=["orders.csv"], description="A CSV file whose first line names the columns."
    )
    column: Text | None = Field(
        None, examples=["order"], description="The column of the CSV file with the numbers."
    )
    database: Password | None = Field(
        None,
        examples=[{"env": "ORDERS_DATABASE"}],
        description="The address of a database that is only read, given like a password.",
    )
    query: Text | None = Field(
        None,
        examples=["SELECT 1 FROM orders WHERE number = :number"],
        description="The query; `:number` stands for the number.",
    )

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        given = {name for name in ("csv", "column", "database", "query") if getattr(self, name)}
        if given not in ({"csv", "column"}, {"database", "query"}):
            raise ValueError("give `csv` and `column`, or `database` and `query`")
        if self.query and ":number" not in self.query:
            raise WrongError("the query must ask for `:number`", "query")
        return self


class OrderNumberSettings(Section):
    """What a number of yours looks like."""

    name: ShortName = Field(examples=["order"], description="What it is called.")
    pattern: Expression = Field(
        examples=[r"#?\b(\d{6})\b"],
        description="What it looks like; round brackets stand around the number itself.",
    )
    checksum: Annotated[Checksum, one_of(Checksum)] | None = Field(
        None,
        examples=["luhn"],
        description="How it proves itself: `luhn`, `mod11` (as ISBN-10), `mod97` (ISO 7064); "
        "`null` if it does not.",
    )
    lookup: LookupSettings | None = Field(None, examples=[{"csv": "orders.csv", "column": "order"}])


class PartnerSettings(Section):
    """A seller or workshop that gets mails from rules; its replies join the conversation."""

    name: ShortName = Field(examples=["watchmaker"], description="What rules call it.")
    address: EmailAddress = Field(
        examples=["repairs@partner.example"], description="Where it gets mail and writes from."
    )
