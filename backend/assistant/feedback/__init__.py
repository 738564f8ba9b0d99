"""Feedback: did the answer help, and what was not understood.

A resident may say of every answer whether it helped. What the assistant did not understand, or did
not answer well, becomes a missed question: the staff read it and write the phrase that was lacking.
Who asked is never kept, numbers and addresses are masked first, and after ninety days it is gone.
Of somebody in danger nothing is kept at all.
"""
