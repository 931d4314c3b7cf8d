"""The work about one subject: a young person, a peer group, a place or a possible perpetrator.

Owns the case, who is allocated, its updates and its risk over time. It must not know of panels, and it
never alters what a colleague recorded: a correction is another update.
"""
