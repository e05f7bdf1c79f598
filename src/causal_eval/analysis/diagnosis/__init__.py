"""Why answers are wrong: each miss held against what every classic mistake yields on that question, without a judge."""
