"""Tests on the whole demonstration: what each role meets when it walks through everything."""
