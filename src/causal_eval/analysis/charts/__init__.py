"""Charts as SVG text, drawn by hand: pure functions of numbers and labels, needing no library and no network."""
