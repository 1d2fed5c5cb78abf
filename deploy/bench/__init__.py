"""What it can do, measured: every figure beside its reference, in one run, on the same servers."""
