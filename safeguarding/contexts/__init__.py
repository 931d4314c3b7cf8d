"""Places and spaces where harm happens: incidents, their import, matching, rubric and expected counts."""
