"""
Triton kernels without a GPU: Triton's own interpreter, with what it lacks.

`source` and `versions` are for the judge and import nothing. All else runs in a runner's box,
beside the stranger whose kernel it is: what is found there can only cost him the grade, and a
stranger who takes his finder apart has deceived himself. His outputs are still the judge's to see.
"""
