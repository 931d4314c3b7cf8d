"""Who does what by when, for any agency.

Owns the action, its due dates and how it ended. It must not know what an action is about beyond a kind and
a number: the later package that asked for the action shows it on its own pages.
"""
