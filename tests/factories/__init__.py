"""Makers of what tests need, by the product's own commands, with keyword arguments."""
