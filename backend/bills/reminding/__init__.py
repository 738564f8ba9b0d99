"""Reminders: before a bill is due, on its last day, and before it gets dearer."""
