"""Measure speed and memory, compared with common alternatives.

    python -m bench                      run all benchmarks, one after another
    python -m bench throughput           run one of them
    python -m bench --help               list the benchmarks
    python -m bench --json FILE          also write the measurements to a JSON file

Each measurement is printed with its target, or with the alternative that was measured in the same run: a time alone is
not a result. Close other programs before you measure. `--quick` only tests the benchmarks, on synthetic data. With it
or `--limit` no measurement is compared with its target.

No other package imports this one.
"""
