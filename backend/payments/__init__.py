"""Paying a bill once, by FPS: a payment request, what the bank says of it, the books, a receipt."""
