"""Young people, adults who may pose a risk, their names and peer groups.

Owns who somebody is. It must not know of places, cases or panels, and it says nothing about what anybody
may have done.
"""
