//! in-toto statements and our predicates.
