"""Throw-away servers on loopback, started from the system's packages and ended by their own pid."""
