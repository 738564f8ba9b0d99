"""A conversation: what I said last is still known, so “the second one” or “how much is it?” will do.

It remembers which services and bills were spoken of, never my words, and forgets them half an hour
after my last turn. It goes on after a restart. Once I sign in, it is mine alone.
"""
