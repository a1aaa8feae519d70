"""shiftdesk: a live queue for social-care agents, in the terminal."""

__version__ = "0.1.0"
