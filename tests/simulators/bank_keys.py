"""The keys that the tests share with the bank's simulator."""

API_KEY = "the-key-of-the-tests"
CALLBACK_KEYS = {"k1": "the-first-secret-of-the-tests", "k2": "the-second-secret-of-the-tests"}
