"""One file a loop step: load, decide, apply. Services know ports, never libraries."""
