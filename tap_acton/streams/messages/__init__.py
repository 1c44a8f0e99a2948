"""E-mail messages: the list, reports, events, contents, daily totals."""
