"""Bringing one's own history: somebody's table of past trials as trials of the history."""
