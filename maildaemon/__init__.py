"""A daemon beside a plain support mailbox: it records, matches, judges, answers, and explains."""

__version__ = "0.1.0"
