"""Who may do what: permissions, roles, the actor and decisions. Pure: no database, no Flask."""
