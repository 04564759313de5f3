"""Carrying the plan out: a graph of actions, a runner, a journal."""
