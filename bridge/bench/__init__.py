"""Measurements on real ports."""
