"""What staff have published: `release` is the value, its large parts lie beside it.

`store` and `arrays` keep releases on disk, `history` remembers which were current, and `shelf` holds
the one that a process answers from.
"""
