"""Training: tokenizer, pretraining and mid-training, supervised fine-tuning, merging; recipes are TOML files.

Needs the extra `train`. The stages meet at files: each reads and writes folders that transformers can load.
"""
