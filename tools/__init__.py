"""The parts behind ./run and ./test. Standard library only, but for serving."""
