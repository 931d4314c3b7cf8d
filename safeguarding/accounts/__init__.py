"""People who sign in, their memberships (user x agency x role) and their sessions."""
