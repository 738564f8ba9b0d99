"""A resident's own bills and messages: looked up in `books`, put into a sentence in `words`."""
