"""Ways to decode one model, compared on questions that it answers over documents: greedy, static, AutoDeco."""
