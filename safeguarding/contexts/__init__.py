"""Places and spaces where harm happens: incidents, their import, matching, rubric and expected counts.

Owns what is known of a context and what people are to it. It must not know of cases or panels, name a
young person on a context's own page, or rate anything but places.
"""
