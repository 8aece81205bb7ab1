"""Speed as ratios against a peer in the same run; `make bench` writes them as JSON."""
