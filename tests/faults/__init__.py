"""Tests that break something under a running service: a worker, a database, a disk."""
