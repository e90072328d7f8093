"""One library each; its words and errors are translated here and go no further."""
