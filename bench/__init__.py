"""Speed and memory, side by side with what people do otherwise.

    python -m bench                      all benches, one after another
    python -m bench throughput           one of them
    python -m bench --help               what there is
    python -m bench --json FILE          also write the figures where a program can read them

A figure stands beside its target, or beside what it is compared with in the same run: a time alone is not a result.
Close what else keeps the machine busy before you measure. `--quick` shows on the synthetic data that a bench works and
measures nothing; it and `--limit` therefore give no verdict.

This room stands above all others; none of them imports it.
"""
