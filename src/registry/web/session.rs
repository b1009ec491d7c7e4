//! Cookies: the session of who is signed in, the visit of who is about to, the language.
//!
//! A cookie holds 256 random bits; the server keeps their SHA-256 only. Signing in always makes a new one, so a cookie that
//! somebody else planted is worth nothing afterwards.

/// Seconds that a visit may take from the sign-in page to the sign-in.
pub(super) const VISIT_SECONDS: u32 = 3600;
/// Cookie of the language; no secret.
pub(super) const LANGUAGE: &str = "junkyo-lang";

/// Names of the cookies and whether they are for `https` only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cookies {
    secure: bool,
}

impl Cookies {
    pub(super) fn new(origin: &str) -> Self {
        Self {
            secure: origin.starts_with("https://"),
        }
    }

    /// Cookie of the session. Browsers take `__Host-` cookies from this host alone, over `https`, for all paths.
    pub(super) fn session(self) -> &'static str {
        if self.secure { "__Host-junkyo" } else { "junkyo" }
    }

    /// Cookie of the visit before sign-in.
    pub(super) fn visit(self) -> &'static str {
        if self.secure {
            "__Host-junkyo-visit"
        } else {
            "junkyo-visit"
        }
    }

    /// `Set-Cookie` for a value that lives so many seconds; 0 removes it.
    pub(super) fn set(self, name: &str, value: &str, seconds: u32) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_the_host_wherever_there_is_https() {
        let cookies = Cookies::new("https://registry.example");
        let set = cookies.set(cookies.session(), "v", 60);
        assert_eq!(
            set,
            "__Host-junkyo=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = Cookies::new("http://127.0.0.1:8480");
        assert_eq!(
            plain.set(plain.session(), "v", 0),
            "junkyo=v; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
