"""Proofs that it can be installed on a bare machine, each as its users would do it."""
