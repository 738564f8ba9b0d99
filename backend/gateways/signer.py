"""Signatures that anybody can check: the promise, and a key in a file."""
