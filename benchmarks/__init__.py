"""How fast the tap is compared with other tools, and how its cost grows.

``python -m benchmarks`` starts its own server, measures, and prints tables.
"""
