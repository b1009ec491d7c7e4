//! The web server of the register: one table of routes ([`route`]), one way in ([`server`]), pages, sign-in and the API.
//!
//! Handlers are plain functions that may block; the server runs them on threads for that. What surrounds them is the same
//! for every route and stands in one place: who asks, from where, how often, with which form token, how large and how
//! fast a body may be, and which headers an answer has.

pub mod api;
mod assets;
mod csrf;
mod limit;
pub mod openapi;
pub mod pages;
mod params;
mod reply;
mod request;
pub mod route;
pub mod server;
mod session;
pub mod sign_in;
mod upload;
mod visitor;

use std::path::PathBuf;

pub use limit::Rates;
pub use params::{Pairs, Params, Upload};
pub use reply::{Cache, PageError, Problem, ProblemDocument, Reason, Reply, local_path};
pub use route::Route;
pub use server::{Running, start};
pub use visitor::{Proxies, Visitor};

use super::Registry;
use super::accounts::Accounts;
use csrf::CsrfKey;
use limit::Limits;
use session::Cookies;
use visitor::TrustedProxies;

/// What the server has to know.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// Address to listen on, such as `127.0.0.1:8480`.
    pub listen: String,
    /// Scheme and host under which visitors reach it, such as `https://registry.example`. Needed unless it listens on
    /// this machine only.
    pub public_url: Option<String>,
    /// Proxies in front of it.
    pub proxies: Proxies,
    /// How often something may be asked for.
    pub rates: Rates,
    /// Folder of uploads in progress; emptied at the start.
    pub upload_folder: PathBuf,
    /// Sign-in with an identity provider.
    pub oidc: Option<sign_in::OidcConfig>,
}

/// Everything handlers of the server itself work with.
pub struct Web {
    registry: Registry,
    accounts: Accounts,
    /// Scheme and host of the service.
    origin: String,
    /// Values of `Host` that are ours.
    hosts: Vec<String>,
    cookies: Cookies,
    csrf: CsrfKey,
    limits: Limits,
    proxies: TrustedProxies,
    upload_folder: PathBuf,
    oidc: Option<sign_in::Oidc>,
    /// Handlers that may run at the same time.
    slots: tokio::sync::Semaphore,
}

/// Handlers that may run at the same time.
const SLOTS: usize = 64;

impl Web {
    /// The register.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The accounts.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Fails if the database does not answer.
    fn is_healthy(&self) -> Result<(), PageError> {
        self.accounts.count().map(|_| ()).map_err(|_| PageError::Busy)
    }
}
