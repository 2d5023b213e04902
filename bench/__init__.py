"""Benchmarks that print ratios: ours and a peer, interleaved in one run, medians of CPU time. `make bench`."""
