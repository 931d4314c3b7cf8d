"""The service: multi-agency panels and contextual safeguarding for one partnership."""
