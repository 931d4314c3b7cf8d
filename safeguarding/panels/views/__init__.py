"""The pages of the panels: before the meeting, in it, and after."""
