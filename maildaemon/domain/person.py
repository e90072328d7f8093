"""What is known of a person, and how it is handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Personal:
    """All that the records hold of the person with these addresses (in lower case).

    `rows`: by table, each row with all its columns, oldest first. `others`: the keys of those among
    its messages that somebody else wrote and that did not go to him, such as a supplier's answer:
    they stand in a conversation that is his alone. `mentioned`: the keys of messages beyond these
    in whose words one of the addresses stands.
    """

    addresses: tuple[str, ...]
    rows: Mapping[str, tuple[Row, ...]]
    others: frozenset[int] = frozenset()
    mentioned: tuple[int, ...] = ()

    def of(self, table: str) -> tuple[Row, ...]:
        """Return the rows of a table."""
        return self.rows[table]

    @property
    def mailboxes(self) -> frozenset[int]:
        """Return the keys of the mailboxes in which there is something of him."""
        found = (row.get("mailbox_id") for rows in self.rows.values() for row in rows)
        return frozenset(one for one in found if one is not None)

    @property
    def is_known(self) -> bool:
        """Tell whether there is anything."""
        return any(self.rows.values())
