"""The parts behind ./run and ./test. Standard library only; imports nothing of the service."""
