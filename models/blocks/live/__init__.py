"""Frames drawn live, one at a time: what a sampler scores in hundreds of small tensor operations, in one compiled call.

Each gives what the `logits` of its sampler give; tests hold them together.
"""
