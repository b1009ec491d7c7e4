//! OpenAPI 3.1 of the API, from the table of routes.

/// What OpenAPI says of a route.
#[derive(Debug)]
pub struct Operation {
    /// Name in clients.
    pub id: &'static str,
    /// Title in Japanese and English.
    pub title: (&'static str, &'static str),
}
