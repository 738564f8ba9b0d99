"""How well a release answers: the staff's exam, questions it has not seen, public sets."""
