"""Tests of PostgreSQL's row-level security and roles."""
