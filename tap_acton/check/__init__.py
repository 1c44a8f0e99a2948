"""The check of an account: does Act-On answer as the tap assumes? ``tap-acton-check`` says so."""
