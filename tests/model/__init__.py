"""A second, naive reading of the decision table, and requests on which it must agree with the product."""
