"""Benchmarks that print ratios: ours and a peer, interleaved in one run, medians. `python -m bench`."""
