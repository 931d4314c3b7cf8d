"""The reads of the panels, one module for each noun."""
