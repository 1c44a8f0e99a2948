"""Many accounts on Airflow and on Kubernetes, without either of them running."""
