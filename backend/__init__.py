"""Ferry: the open backend of a citizen's one-stop app."""
