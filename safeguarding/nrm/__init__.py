"""The National Referral Mechanism: referrals, their states and what was heard back.

Owns the local record of a referral and its clocks. It must not decide anything: decisions are those of
the competent authority or of the devolved panel, and are recorded here with who made them.
"""
