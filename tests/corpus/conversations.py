"""Messages that belong together: who answers whom, and who stands with whom at the end.

The corpora thread by headers alone. Here a stranger opens a thread of his own, linked to the one
that he wanted into: in this comparison the link counts as being together, for that is what the
headers say; how many were kept out is printed beside it.
"""

from collections.abc import Iterator

from tests.corpus.finding import Finding
from tests.corpus.loading import Case
from tests.corpus.reading import Conversation

COMPARED = frozenset({"parents", "threads"})


def compare(case: Case, conversation: Conversation, order: str) -> Iterator[Finding]:
    """Yield two findings a message: its parent, and those it stands with; `order` says in which
    order they arrived.
    """
    ids = {one.name: one.message.message_id for one in conversation.readings}
    first = {one.message.message_id: one for one in reversed(conversation.readings)}
    for message_id, parent in case.expected.get("parents", {}).items():
        told = first[message_id].told["thread"]["parent"] if message_id in first else None
        agrees = message_id in first and ids.get(told or "") == parent
        name, got = f"{case.name}#{message_id}", str(ids.get(told or ""))
        yield Finding(name, f"parent, {order}", agrees, str(parent), got)
    together = _together(conversation)
    for thread in case.expected.get("threads", ()):
        for message_id in thread:
            mates = together.get(message_id, frozenset())
            missing, strange = {*thread} - mates, mates - {*thread}
            name = f"{case.name}#{message_id}"
            got = f"without {sorted(missing)[:5]}, with {sorted(strange)[:5]}"
            agrees = not missing and not strange
            yield Finding(name, f"thread, {order}", agrees, f"{len(thread)} together", got)


def _together(conversation: Conversation) -> dict[str, frozenset[str]]:
    """Return by Message-ID all that stand in one thread or in threads linked with it."""
    mates: dict[int, set[str]] = {}
    for message_id, thread in conversation.threads.items():
        if thread is not None:
            mates.setdefault(_root(thread, conversation.links), set()).add(message_id)
    return {
        message_id: frozenset(mates[_root(thread, conversation.links)])
        for message_id, thread in conversation.threads.items()
        if thread is not None
    }


def _root(thread: int, links: dict[int, int]) -> int:
    seen: set[int] = set()
    while thread in links and thread not in seen:
        seen.add(thread)
        thread = links[thread]
    return thread
