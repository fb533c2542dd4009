"""Reproductions: the studies and figures behind what the documentation claims, each by one command."""
