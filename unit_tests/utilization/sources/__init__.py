"""Each source on its own: queries, answers and the arithmetic between them."""
