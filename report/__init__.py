"""The page that ``make report`` writes: what happened in an account, from the marts alone."""
