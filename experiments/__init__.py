"""Experiments run by hand; their results are recorded under experiments/results/."""
