"""Mastodon, and servers that speak its API: GoToSocial, Pleroma, Akkoma, the Misskey family and others."""
