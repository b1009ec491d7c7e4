//! What a signed bundle or a proof pack proves.
