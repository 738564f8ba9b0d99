"""The engine beside its rivals: same phrases, same questions, each in a process of its own."""
