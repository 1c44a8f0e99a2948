"""Reads many Act-On accounts on Airflow 3."""
