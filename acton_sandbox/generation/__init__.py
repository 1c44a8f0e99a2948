"""How an account comes about: a history that is a pure function of a seed and a size."""
