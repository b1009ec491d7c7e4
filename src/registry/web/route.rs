//! The one table of everything the server answers: method, path, who may, what protects it, its title and, for the API,
//! what OpenAPI says of it.
//!
//! The router, the navigation, the OpenAPI document and the role × route test all read this table, so a page that is not
//! in it does not exist, and one that is cannot be forgotten by the test.

use super::openapi::Operation;
use super::params::Params;
use super::reply::{PageError, Reply};
use super::visitor::Visitor;
use super::{Web, api, assets, pages, sign_in};
use crate::registry::Registry;
use crate::registry::model::{Role, TokenScope};
use crate::text::{Lang, Text};

/// Everybody, signed in or not.
pub const ANYBODY: &[Role] = &[
    Role::Public,
    Role::Municipality,
    Role::Vendor,
    Role::Examiner,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];
/// Everybody with an account.
pub const SIGNED_IN: &[Role] = &[
    Role::Municipality,
    Role::Vendor,
    Role::Examiner,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];
/// Nobody with an account: pages that only make sense before signing in.
pub const SIGNED_OUT: &[Role] = &[Role::Public];
/// Vendors.
pub const VENDORS: &[Role] = &[Role::Vendor];
/// Municipalities.
pub const MUNICIPALITIES: &[Role] = &[Role::Municipality];
/// Who reads submissions: examiners, approvers, administrators and auditors.
pub const STAFF: &[Role] = &[Role::Examiner, Role::Approver, Role::Administrator, Role::Auditor];
/// Examiners.
pub const EXAMINERS: &[Role] = &[Role::Examiner];
/// Approvers.
pub const APPROVERS: &[Role] = &[Role::Approver];
/// Examiners and approvers: who works on cases.
pub const REVIEWERS: &[Role] = &[Role::Examiner, Role::Approver];
/// Administrators.
pub const ADMINISTRATORS: &[Role] = &[Role::Administrator];
/// Who reads the audit log.
pub const AUDITORS: &[Role] = &[Role::Auditor, Role::Administrator];

/// Methods of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// Read. Answers `HEAD` too.
    Get,
    /// Change, or ask with a body.
    Post,
}

impl Verb {
    /// Name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What proves that a request that changes something was meant by who sends it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    /// Nothing is changed.
    Read,
    /// A form of ours: the field `csrf` has to be the token of the session (or of the visit, before sign-in).
    Form,
    /// The API: a bearer token with this scope. A session cookie does not open it, so no page of others can.
    Token(TokenScope),
    /// The API for everybody: nothing is changed, and no cookie is looked at.
    Open,
}

/// How often something may be asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rate {
    /// Pages and downloads.
    Page,
    /// What costs more: search, checks, tables.
    Search,
    /// Everything that could be guessed: sign-in, sign-up, codes.
    SignIn,
    /// Changes.
    Change,
    /// Uploads.
    Upload,
}

/// What a request may carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// A form (`application/x-www-form-urlencoded`, or `multipart/form-data` with files up to so many bytes each).
    Form {
        /// Largest file; 0: no files.
        file: u64,
    },
    /// JSON of up to 1 MiB.
    Json,
    /// One file as the whole body.
    File {
        /// Largest size in bytes.
        limit: u64,
        /// Media types it may have.
        types: &'static [&'static str],
    },
}

/// Answers a page.
pub type Page = fn(&Registry, &Visitor, &Params) -> Result<Reply, PageError>;
/// Answers what needs the server itself: accounts, configuration.
pub type Inner = fn(&Web, &Visitor, &Params) -> Result<Reply, PageError>;

/// Who answers. Both run on a thread where they may block.
#[derive(Clone, Copy)]
pub enum Handler {
    /// A page over the register.
    Page(Page),
    /// Something over the server.
    Inner(Inner),
}

/// One line of the table.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method.
    pub verb: Verb,
    /// Path, with `{name}` for one segment and a last `{*name}` for the rest.
    pub path: &'static str,
    /// Who may ask.
    pub roles: &'static [Role],
    /// What protects it.
    pub guard: Guard,
    /// How often.
    pub rate: Rate,
    /// What it may carry.
    pub body: Body,
    /// Title in Japanese and English.
    pub title: (&'static str, &'static str),
    /// Whether the page runs our one script (passkeys).
    pub script: bool,
    /// Facts for OpenAPI; routes without are pages.
    pub operation: Option<&'static Operation>,
    /// Who answers.
    pub handler: Handler,
}

impl Route {
    /// A page that is read.
    pub const fn page(
        path: &'static str,
        roles: &'static [Role],
        title: (&'static str, &'static str),
        page: Page,
    ) -> Self {
        Self {
            verb: Verb::Get,
            path,
            roles,
            guard: Guard::Read,
            rate: Rate::Page,
            body: Body::None,
            title,
            script: false,
            operation: None,
            handler: Handler::Page(page),
        }
    }

    /// A form that changes something. Without files; see [`Self::files`].
    pub const fn form(
        path: &'static str,
        roles: &'static [Role],
        title: (&'static str, &'static str),
        page: Page,
    ) -> Self {
        Self {
            verb: Verb::Post,
            guard: Guard::Form,
            rate: Rate::Change,
            body: Body::Form { file: 0 },
            ..Self::page(path, roles, title, page)
        }
    }

    /// A public operation of the API.
    pub const fn api(verb: Verb, path: &'static str, operation: &'static Operation, inner: Inner) -> Self {
        Self {
            verb,
            path,
            roles: ANYBODY,
            guard: Guard::Open,
            rate: Rate::Search,
            body: Body::None,
            title: operation.title,
            script: false,
            operation: Some(operation),
            handler: Handler::Inner(inner),
        }
    }

    /// Another address of an operation: not in OpenAPI.
    pub const fn undescribed(mut self) -> Self {
        self.operation = None;
        self
    }

    /// Answered by the server itself.
    pub const fn inner(mut self, inner: Inner) -> Self {
        self.handler = Handler::Inner(inner);
        self
    }

    /// With this rate.
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// With this body.
    pub const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// With files of up to `limit` bytes each.
    pub const fn files(mut self, limit: u64) -> Self {
        self.body = Body::Form { file: limit };
        self.rate = Rate::Upload;
        self
    }

    /// For holders of a token with this scope whose account has one of these roles.
    pub const fn token(mut self, scope: TokenScope, roles: &'static [Role]) -> Self {
        self.guard = Guard::Token(scope);
        self.roles = roles;
        self
    }

    /// With our script.
    pub const fn script(mut self) -> Self {
        self.script = true;
        self
    }

    /// Title in a language.
    pub fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.title.0, self.title.1)
    }

    /// Title in both languages.
    pub fn title_text(&self) -> Text {
        Text::new(self.title.0, self.title.1)
    }

    /// Whether the API answers: errors are problem documents then, never pages.
    pub fn is_api(&self) -> bool {
        matches!(self.guard, Guard::Token(_) | Guard::Open)
    }

    /// Whether somebody of this role may ask.
    pub fn allows(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The whole table.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    [assets::ROUTES, sign_in::ROUTES, pages::ROUTES, api::ROUTES]
        .into_iter()
        .flatten()
}

/// The route of a method and a path template.
pub fn route(verb: Verb, path: &str) -> Option<&'static Route> {
    routes().find(|route| route.verb == verb && route.path == path)
}
