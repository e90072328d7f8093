"""Every column is of a type that takes whatever a mail holds."""

from sqlalchemy import Boolean, Column, Integer

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


def test_only_a_plain_word_is_written_into_a_statement() -> None:
    state: Column[str] = Column("state", values.Code(16))

    assert str(state == "waiting") == "state = 'waiting'"
    assert str(state.in_(["sent", "failed"])) == "state IN ('sent', 'failed')"
    for hostile in ("' OR 1=1 --", "o'clock", "a\\", "a:b", "a%s", ""):
        assert str(state == hostile) == "state = :state_1"
