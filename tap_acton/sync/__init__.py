"""How a run reads: queries, their evidence, the fan-out, the summary."""
