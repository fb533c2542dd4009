"""Kernels: arrays in, arrays out, no model. Importing this package imports nothing; its parts import torch."""
