"""The first screen in one call: what is due, what is new, what I use."""
