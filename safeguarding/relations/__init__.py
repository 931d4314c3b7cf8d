"""Who stands in what relation to which subject, until when: the only table that visibility reads."""
