"""The open web: search, pages and papers, behind a guard that keeps requests off private networks."""
