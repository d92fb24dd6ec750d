"""Each list of the schema asks the same number of queries for 1, 10 and 100 rows."""
