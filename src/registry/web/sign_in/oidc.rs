//! Sign-in with an identity provider (OpenID Connect, authorization code with PKCE), over our own HTTP client.
//!
//! Whom the provider names is let in only if an account is bound to that subject, or if the configuration says that new
//! subjects get an account of a role that may do nothing to others.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};

use crate::registry::model::Role;
use crate::wire::{Client, ClientOptions, Outgoing, ReadLimits, Url};

/// How long the provider's description and keys are kept.
const KEEP: Duration = Duration::from_secs(600);
/// Largest answer of a provider in bytes.
const ANSWER_LIMIT: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Sign-in with an identity provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OidcConfig {
    /// Issuer, whose description is at `/.well-known/openid-configuration`.
    pub issuer: String,
    /// Id of this service at the provider.
    pub client_id: String,
    /// File with the secret of this service at the provider; none for a public client.
    #[serde(default)]
    pub client_secret_file: Option<std::path::PathBuf>,
    /// What people call the provider, in Japanese.
    pub name_ja: String,
    /// And in English.
    pub name_en: String,
    /// Role (`municipality` or `vendor`) of accounts that are made when the provider names somebody new; without it only
    /// accounts that were bound before come in.
    #[serde(default)]
    pub new_accounts: Option<String>,
}

/// Why sign-in with the provider failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::registry::web) enum OidcError {
    #[error("oidc.{field}: {why}")]
    Config {
        /// Key of the configuration.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    #[error("the identity provider cannot be reached or described: {0}")]
    Provider(String),
    #[error("the identity provider refused: {0}")]
    Refused(String),
    #[error("the identity token is not valid: {0}")]
    Token(String),
}

/// Failure of a request to the provider.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RequestError(String);

/// The provider, as the server uses it.
pub(in crate::registry::web) struct Oidc {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    http: Client,
    known: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
    pub(super) name: crate::text::Text,
    pub(super) new_accounts: Option<Role>,
}

/// What has to come back: kept on the server, for the visit or session it belongs to.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go afterwards.
    pub(super) next: String,
}

/// Whom the provider named.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

impl Oidc {
    pub(in crate::registry::web) fn new(config: &OidcConfig, origin: &str) -> Result<Self, OidcError> {
        let fault = |field, why: String| OidcError::Config { field, why };
        let secret = config
            .client_secret_file
            .as_ref()
            .map(|path| {
                std::fs::read_to_string(path)
                    .map(|text| ClientSecret::new(text.trim().to_owned()))
                    .map_err(|error| fault("client-secret-file", format!("{}: {error}", path.display())))
            })
            .transpose()?;
        let new_accounts = match config.new_accounts.as_deref() {
            None => None,
            Some("municipality") => Some(Role::Municipality),
            Some("vendor") => Some(Role::Vendor),
            Some(other) => {
                let why =
                    format!("{other:?} cannot be given to anybody the provider knows; use municipality or vendor");
                return Err(fault("new-accounts", why));
            }
        };
        let redirect = format!("{origin}/sign-in/oidc/callback");
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(|error| fault("issuer", error.to_string()))?,
            client_id: ClientId::new(config.client_id.clone()),
            secret,
            redirect: RedirectUrl::new(redirect).map_err(|error| fault("public-url", error.to_string()))?,
            http: http_client(),
            known: Mutex::new(None),
            name: crate::text::Text::new(config.name_ja.as_str(), config.name_en.as_str()),
            new_accounts,
        })
    }

    /// Address to send the browser to, and what to keep until it comes back.
    pub(super) fn begin(&self, next: &str) -> Result<(String, Pending), OidcError> {
        let client = CoreClient::from_provider_metadata(
            (*self.described()?).clone(),
            self.client_id.clone(),
            self.secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let pending = Pending {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next: next.to_owned(),
        };
        Ok((address.to_string(), pending))
    }

    /// Whom the provider names, given what the browser brought back.
    pub(super) fn finish(&self, pending: &Pending, state: &str, code: &str) -> Result<Identity, OidcError> {
        let same = |one: &str, other: &str| {
            use sha2::{Digest, Sha256};
            Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
        };
        if !same(state, &pending.state) {
            return Err(OidcError::Refused("the state is another one".to_owned()));
        }
        let client = CoreClient::from_provider_metadata(
            (*self.described()?).clone(),
            self.client_id.clone(),
            self.secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone());
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| OidcError::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request(&|request| self.request(request))
            .map_err(|error| OidcError::Refused(error.to_string()))?;
        let token = answer
            .id_token()
            .ok_or_else(|| OidcError::Token("there is none".to_owned()))?;
        let fault = |error: &dyn std::fmt::Display| OidcError::Token(error.to_string());
        let verifier = client.id_token_verifier();
        let claims = token
            .claims(&verifier, &Nonce::new(pending.nonce.clone()))
            .map_err(|error| fault(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| fault(&error))?;
            let key = token.signing_key(&verifier).map_err(|error| fault(&error))?;
            let actual =
                AccessTokenHash::from_token(answer.access_token(), algorithm, key).map_err(|error| fault(&error))?;
            if actual != *expected {
                return Err(OidcError::Token("it belongs to another access token".to_owned()));
            }
        }
        Ok(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: claims
                .name()
                .and_then(|name| name.get(None))
                .map(|name| name.to_string()),
            email: claims
                .email()
                .filter(|_| claims.email_verified() == Some(true))
                .map(|email| email.to_string()),
        })
    }

    fn described(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let poisoned = |_| OidcError::Provider("its description is being read".to_owned());
        if let Some((since, known)) = &*self.known.lock().map_err(poisoned)?
            && since.elapsed() < KEEP
        {
            return Ok(Arc::clone(known));
        }
        let fresh = CoreProviderMetadata::discover(&self.issuer, &|request| self.request(request))
            .map(Arc::new)
            .map_err(|error| OidcError::Provider(error.to_string()))?;
        *self.known.lock().map_err(poisoned)? = Some((Instant::now(), Arc::clone(&fresh)));
        Ok(fresh)
    }

    fn request(&self, request: HttpRequest) -> Result<HttpResponse, RequestError> {
        let fault = |text: String| RequestError(text);
        let url = Url::parse(&request.uri().to_string()).map_err(|error| fault(error.to_string()))?;
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let outgoing = Outgoing::new(request.method().as_str(), &url, &headers, request.body());
        // Handlers run on threads of the runtime that may block.
        let sent = tokio::runtime::Handle::current().block_on(self.http.send(&outgoing));
        if let Some(failed) = sent.fault {
            return Err(fault(format!("{}: {failed:?}", url.authority())));
        }
        let read = crate::wire::parse_response(&sent.response, &outgoing.method, true)
            .map_err(|error| fault(format!("{}: {error:?}", url.authority())))?;
        let mut response = HttpResponse::new(read.body.clone());
        *response.status_mut() =
            openidconnect::http::StatusCode::from_u16(read.status).map_err(|error| fault(error.to_string()))?;
        for (name, value) in &read.headers.0 {
            let name = openidconnect::http::HeaderName::from_bytes(name.as_bytes());
            let value = openidconnect::http::HeaderValue::from_str(value);
            if let (Ok(name), Ok(value)) = (name, value) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }
}

fn http_client() -> Client {
    Client::new(ClientOptions {
        tls: crate::registry::client::public_tls(),
        connect_timeout: PATIENCE,
        exchange_timeout: PATIENCE,
        limits: ReadLimits {
            message: ANSWER_LIMIT,
            ..ReadLimits::default()
        },
    })
}
