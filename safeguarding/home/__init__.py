"""A person's own work list: what later and earlier packages say is waiting for them."""
