"""The layouts of files that tell of places and incidents: read row by row, refused by the row or whole.

Owns how such files are decoded, recognised and turned into plain rows, and what makes two rows the same
record. It must not know the database, Flask or the clock, and it matches nothing to a context: that is
`safeguarding.contexts.matching`. Start at `catalogue.open_rows`.
"""
