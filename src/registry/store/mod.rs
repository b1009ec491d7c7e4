//! Where the register keeps its data: a database and blobs.
