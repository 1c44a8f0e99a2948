"""How far a run has come, and what shows it: sentences in a log, or a bar on a terminal."""
