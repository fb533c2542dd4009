"""Recurring facts: what two pages say of the same two things becomes a question in the words of one of them.

No label and no template of a relation is needed: the sentence of one page is turned into a question, the sentence of
the other page is the evidence.
"""
