"""Bytes to facts and values to bytes, with libraries but without I/O; verdicts fall in `domain`."""
