"""The front door of the panels: four kinds of referral, questions to the referrer, and screening.

Owns a referral until it is accepted or answered otherwise. It must not know of meetings or agendas, and
it is not the way to report immediate danger.
"""
