"""Singer tap for Act-On."""
