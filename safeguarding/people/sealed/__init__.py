"""Sealed values: who holds a grant to see one, who asks, who decides, and each time that one was shown.

Owns the grants and the reveals. What is sealed belongs to the record that it stands on; other packages register theirs
(`fields`). It must never hand a value to a list, a search, a file, the audit or a log.
"""
