//! Signing in: one-time codes, passkeys, an identity provider.
mod oidc;
mod webauthn;
use super::route::Route;
pub(super) const ROUTES: &[Route] = &[];
pub(super) use oidc::Oidc;
pub use oidc::OidcConfig;
