"""Every causal sentence of the book, page by page, with the measurement behind it."""
