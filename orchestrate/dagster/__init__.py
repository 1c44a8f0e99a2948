"""Reads many Act-On accounts on Dagster: what starts, stops, resumes and alarms their runs."""
