"""Kernels written for a GPU, run where there is none."""
