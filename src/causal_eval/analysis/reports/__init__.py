"""A run as one page for people: self-contained, accessible, printable; made of frozen values alone."""
