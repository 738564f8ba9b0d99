"""My bills: a department posts one, and I see it at once, whole and only mine.

A posted bill, the message in the resident's inbox and the pushes to their phones are one
transaction: all of them or none.
"""
