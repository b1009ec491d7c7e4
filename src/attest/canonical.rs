//! JSON whose bytes are the same everywhere (RFC 8785), and a reader that takes nothing ambiguous.
