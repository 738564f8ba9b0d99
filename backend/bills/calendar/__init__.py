"""My due dates in my own calendar: a secret address that any calendar app can subscribe to."""
