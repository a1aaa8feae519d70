"""Reusable texts: what they are, how they are found, filled in, read from files and written back."""
