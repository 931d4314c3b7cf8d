"""Counts for those who plan and answer for the work, so disclosed that nobody can be found in them."""
