"""Calls to Act-On: the client, its login, its pace, and how responses are read."""
