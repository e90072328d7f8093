"""The database, through SQLAlchemy Core. Nothing outside this package knows a table."""
