"""Suggestions: as a resident types, what they may be about to ask, and the service behind it.

They are phrases that the staff wrote and names that the menu shows, in the reader's language. What
is typed is kept nowhere.
"""
