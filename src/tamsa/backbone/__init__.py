"""Kimi Linear in torch alone (arXiv 2510.26692): the network, its cache, and its weights from a folder.

`tamsa.models` puts it behind transformers' interfaces. What only decodes needs no more than this package, and loads in
a fraction of the time.
"""
