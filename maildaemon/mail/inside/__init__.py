"""Looks into files: what is packed, embedded or hidden in them, within bounds."""
