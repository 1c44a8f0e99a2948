"""Custom objects: schemas, datasets, records."""
