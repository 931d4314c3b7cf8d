"""Backups: what is in one, making one while the service runs, and restoring one that can prove that it is whole."""
