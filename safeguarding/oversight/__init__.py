"""What is watched over: the auditor's search of the audit, and who looked at one record."""
