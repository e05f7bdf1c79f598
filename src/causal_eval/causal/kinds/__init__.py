"""The kinds of query beyond those that questions are made of; all of them stand in the table."""
