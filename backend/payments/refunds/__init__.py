"""Held money goes back: one operator asks, another approves, the bank pays it out."""
