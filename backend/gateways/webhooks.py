"""Calls to addresses that departments gave us."""
