"""What the services need to know of a person who asks what is kept of him."""

from collections.abc import Sequence
from typing import Protocol

from maildaemon.domain.person import Personal


class Persons(Protocol):
    """People, by their addresses."""

    def read(self, addresses: Sequence[str]) -> Personal:
        """Return all that is kept of the person who has these addresses, however they are spelled.

        His are the mails that he wrote, those that were written to him, and whatever belongs to
        them; of a conversation that has no other customer all of it.
        """
