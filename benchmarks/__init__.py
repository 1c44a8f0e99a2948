"""How fast the tap is, beside other ways to read the same, and how its cost grows.

``python -m benchmarks`` starts a server of its own, measures, and prints tables.
"""
