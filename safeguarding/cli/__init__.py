"""The command line: prepare, seed, import, verify. Its actors are `system:<command>`; it prints no case content."""
