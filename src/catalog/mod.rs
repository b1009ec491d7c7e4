//! Floor 6: the catalog of registered products: a pure fold over the events of the register.
