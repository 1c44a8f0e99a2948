"""Integrations that start, stop and watch runs."""
