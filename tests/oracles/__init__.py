"""Two oracles over all that the service answers: no token of a hidden record, and nothing that tells it is there."""
