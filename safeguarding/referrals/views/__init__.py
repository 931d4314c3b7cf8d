"""The pages of referrals: making one, and screening."""
