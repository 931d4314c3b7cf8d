"""The tables of the panels, one module for each noun: panels, meetings, items, decisions, minutes.

Importing the package maps them all; each name is imported from the module it stands in.
"""

from safeguarding.panels.models import decisions, items, meetings, minutes, panels

__all__ = ["decisions", "items", "meetings", "minutes", "panels"]
