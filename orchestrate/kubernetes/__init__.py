"""Reads many Act-On accounts with a Kubernetes CronJob each."""
