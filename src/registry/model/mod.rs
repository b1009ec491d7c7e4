//! The words of the register as types.
