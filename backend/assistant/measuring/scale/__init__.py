"""Measures the assistant at sizes that no staff has written yet, on invented phrases."""
