"""The commands of the panels, one module for each noun."""
