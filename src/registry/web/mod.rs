//! The web server of the register.
pub mod api;
pub mod pages;
pub mod sign_in;
