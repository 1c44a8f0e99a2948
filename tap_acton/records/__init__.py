"""From rows as Act-On sends them to typed records."""
