"""The forms of the panels, one module for each noun."""
