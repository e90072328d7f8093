"""Every column is of a type that takes whatever a mail holds."""

from sqlalchemy import Boolean, Integer

from maildaemon.adapters.sql import values
from maildaemon.adapters.sql.tables import metadata


def test_every_column_cleans_what_goes_into_it() -> None:
    # Counters and flags are ours.
    harmless = (Integer, Boolean)
    ours = (
        values.AnyText,
        values.AnyJson,
        values.Bytes,
        values.Instant,
        values.WholeNumber,
        values.Word,
    )
    unclean = [
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if not isinstance(column.type, ours) and type(column.type) not in harmless
    ]

    assert unclean == [], "use the types of adapters/sql/values.py"
