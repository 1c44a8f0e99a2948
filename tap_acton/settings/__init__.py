"""The settings of the tap: their schema, and how they are read."""
