//! What can be done in the register, and by whom.
