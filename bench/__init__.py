"""What pages cost: a generator of data, a floor to compare with, and a runner. Never part of the service or its tests."""
