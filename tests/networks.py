"""Fields of a recipe for a network that trains in a second."""

TINY = """\
hidden_size = 64
num_hidden_layers = 4
num_attention_heads = 2
intermediate_size = 96
num_local_experts = 0
linear_num_heads = 2
linear_head_dim = 32
kv_lora_rank = 32
qk_nope_head_dim = 16
qk_rope_head_dim = 16
v_head_dim = 32
tie_word_embeddings = true
"""
