"""The Audience Center: contacts, segments, imports, reports per contact."""
