"""Panels: meetings, agendas, what agencies return, decisions, dissent and minutes.

Owns what a panel does from the planning of a meeting to signed minutes. It must not open, change or close
a case, an action or a referral itself, but through the commands of their packages; what was decided or
signed never changes.
"""
