"""The report's page in a browser, against SQL over the marts that it was made of."""
