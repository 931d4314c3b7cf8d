"""The record of who did and saw what: append-only, chained, written in the transaction of what it records."""
