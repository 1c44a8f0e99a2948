"""Where tokens and call counts live between runs."""
