"""Receipts: that a bill was paid, signed so that anybody can check it, for seven years."""
