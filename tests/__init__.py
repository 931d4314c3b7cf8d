"""What the service must do, as rules that run."""
