//! The register's server from outside: every route with every role, and everything that attackers try.

#[path = "registry_web/house.rs"]
mod house;

#[path = "registry_web/accounts.rs"]
mod accounts;
#[path = "registry_web/api.rs"]
mod api;
#[path = "registry_web/forms.rs"]
mod forms;
#[path = "registry_web/headers.rs"]
mod headers;
#[path = "registry_web/matrix.rs"]
mod matrix;
#[path = "registry_web/oidc.rs"]
mod oidc;
#[path = "registry_web/passkeys.rs"]
mod passkeys;
#[path = "registry_web/uploads.rs"]
mod uploads;
