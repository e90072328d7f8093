"""What a message is about, in the words of the shop, and what follows from that."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """How urgent a conversation is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Fact(StrEnum):
    """What a customer may be asked for."""

    ORDER_NUMBER = "order_number"
    PHOTO = "photo"
    QUESTION = "question"


class AfterAnswer(StrEnum):
    """Whose turn it is once a person has answered."""

    PENDING = "pending"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Link:
    """A page that may answer the question at once."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """A number of ours that stands in a mail; `name` says which kind.

    `known`: whether it was found where such numbers are looked up, None if that is not known.
    """

    name: str
    number: str
    known: bool | None = None


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message is about. Empty and None: nothing in it says so.

    `promise` is the priority whose promise holds, if it is not that of `priority`. `missing` are
    the facts that a rule needs and that neither message nor thread has. `assign` is a colleague's
    address, `forward` the name of a partner. `distress` lists the evidence that somebody is
    upset. `rules` are the names of those that matched, in the order of the configuration.
    """

    category: str | None = None
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    promise: Priority | None = None
    order_numbers: tuple[OrderNumber, ...] = ()
    missing: tuple[Fact, ...] = ()
    faq: tuple[Link, ...] = ()
    assign: str | None = None
    forward: str | None = None
    mute: bool = False
    after_answer: AfterAnswer | None = None
    distress: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What a conversation is about, by all of its messages so far.

    `facts` are those that it holds, `asked` those that a mail of ours has asked for. `missing` are
    needed by some rule, and not there.
    """

    category: str | None = None
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    promise: Priority | None = None
    after_answer: AfterAnswer | None = None
    facts: tuple[Fact, ...] = ()
    missing: tuple[Fact, ...] = ()
    asked: tuple[Fact, ...] = ()
