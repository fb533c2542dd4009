"""How relations, questions and answers are put into words: sayings of relations, noun phrases, frames."""
