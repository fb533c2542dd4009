"""Questions that a language model writes over passages alone, with no graph and no template behind them.

A model is shown the numbered sentences of one to three documents, the later ones named by the earlier, and writes
questions with the numbers of the sentences that answer them. What it says is checked against those sentences; the
accepted question is a gold question like any other and is explored like one.
"""
