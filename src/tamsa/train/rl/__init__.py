"""Reinforcement learning with verifiable rewards, strictly on-policy (arXiv 2510.24701, section 3.4).

Rollouts run through the one agent loop, many decoded together by the engine that serves the model elsewhere, with its
state kept between turns. What was sampled is what is trained on: ids, marks and log-probabilities, never re-tokenised.
"""
