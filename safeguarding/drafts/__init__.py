"""What people typed and did not lose: forms that a lost or locked session could not take, kept for their owner."""
