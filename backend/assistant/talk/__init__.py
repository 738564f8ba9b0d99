"""What is said in a conversation: heard, picked, asked more of, and answered turn by turn.

`dialogue` is one turn; it asks `listening` what was said, which asks `hearing` and the router. All
of it is pure: a release and what was spoken of in, what to reply out.
"""
