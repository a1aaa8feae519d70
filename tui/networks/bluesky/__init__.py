"""Bluesky: an account's own server (PDS), and through it the network's view of posts (AppView) and messages."""
