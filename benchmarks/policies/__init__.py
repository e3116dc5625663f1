"""Whether a policy does what is asked of it: ``python -m benchmarks.policies``."""
