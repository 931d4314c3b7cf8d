"""Agencies of the partnership and their information-sharing agreements."""
