"""The bundled model from nothing: worlds, trajectories, tokenizer, training, evaluation, package and card."""
