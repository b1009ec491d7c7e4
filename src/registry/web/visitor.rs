//! Who asks, from where, and in which language.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header;
use serde::Deserialize;

use crate::registry::model::{Actor, ApiToken, Role};
use crate::text::{Lang, Text};

/// Who asks for a page, as handlers see it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who it is; of role `Public` if nobody is signed in.
    pub actor: Actor,
    /// Language of the answer.
    pub lang: Lang,
    /// Value of the hidden field `csrf` that every `POST` form has to have.
    pub csrf: String,
    /// Scheme and host of the service, such as `https://registry.example`, for absolute links.
    pub origin: String,
    /// Path that was asked for, without the query.
    pub path: String,
    /// Query that was asked for, without `?`; empty if there is none.
    pub query: String,
    /// Title of the route in the visitor's language.
    pub title: &'static str,
    /// Network the request came from: an IPv4 address, or the /56 of an IPv6 address.
    pub network: String,
    /// What the visitor may do next on this route if nobody is signed in: being sent to the sign-in page and back.
    pub(super) may_be_sent_to_sign_in: bool,
    /// Session or visit cookie the request came with, as stored: a hash.
    pub(super) session: Option<String>,
    /// API token the request came with.
    pub(super) token: Option<ApiToken>,
}

impl Visitor {
    /// Whether somebody is signed in.
    pub fn signed_in(&self) -> bool {
        self.actor.role != Role::Public
    }

    /// A text in the visitor's language.
    pub fn say<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.lang)
    }

    /// The same, of a text that was just made.
    pub fn word(&self, text: Text) -> String {
        self.lang.pick(text.ja, text.en)
    }

    /// Whether the visitor reads Japanese.
    pub fn is_japanese(&self) -> bool {
        self.lang == Lang::Ja
    }

    /// Path and query of this request.
    pub fn here(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// This address in another language: for the link that switches.
    pub fn in_language(&self, lang: Lang) -> String {
        let kept = crate::wire::form_decode(&self.query);
        let code = lang.pick("ja", "en");
        let pairs = kept
            .iter()
            .filter(|(name, _)| name != "lang")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain([("lang", code)]);
        format!("{}?{}", self.path, crate::wire::form_encode(pairs))
    }
}

/// Language of a request: `?lang=`, then the cookie, then `Accept-Language`, then Japanese.
pub(super) fn language(query: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Lang {
    let named = |name: &str| match name.to_ascii_lowercase().split('-').next() {
        Some("ja") => Some(Lang::Ja),
        Some("en") => Some(Lang::En),
        _ => None,
    };
    query
        .and_then(named)
        .or_else(|| cookie.and_then(named))
        .or_else(|| accepted(accept?, named))
        .unwrap_or(Lang::Ja)
}

fn accepted(header: &str, named: impl Fn(&str) -> Option<Lang>) -> Option<Lang> {
    let mut wanted: Vec<(Lang, u32)> = header
        .split(',')
        .take(20)
        .filter_map(|part| {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            Some((named(tag.trim())?, quality(parameters)?))
        })
        .filter(|(_, quality)| *quality > 0)
        .collect();
    // Stable: of equal wishes the first counts.
    wanted.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    wanted.first().map(|(lang, _)| *lang)
}

/// Thousandths of a `q` parameter; all of it if there is none.
fn quality(parameters: &str) -> Option<u32> {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return Some(1000);
    };
    let value: f64 = value.trim().parse().ok()?;
    (0.0..=1.0).contains(&value).then_some((value * 1000.0) as u32)
}

/// Proxies in front of the server whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Proxies {
    /// Networks they connect from, such as `10.0.0.0/8` or `127.0.0.1`.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// How many stand one behind the other; the client's address is that many entries from the right.
    #[serde(default = "one")]
    pub hops: usize,
}

fn one() -> usize {
    1
}

impl Default for Proxies {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            hops: one(),
        }
    }
}

/// [`Proxies`], read.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedProxies {
    networks: Vec<(IpAddr, u32)>,
    hops: usize,
}

impl TrustedProxies {
    /// `Err` holds the entry that is no network.
    pub(super) fn new(proxies: &Proxies) -> Result<Self, String> {
        let networks = proxies
            .addresses
            .iter()
            .map(|text| network(text).ok_or_else(|| text.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            networks,
            hops: proxies.hops.max(1),
        })
    }

    /// The address a request came from: the peer's, unless the peer is a trusted proxy. Entries that the client wrote
    /// itself stand left of those that the proxies wrote, so they never count.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self
            .networks
            .iter()
            .any(|(address, bits)| contains(*address, *bits, peer))
        {
            return peer;
        }
        let chain: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        chain
            .len()
            .checked_sub(self.hops)
            .and_then(|place| chain[place].parse::<IpAddr>().ok())
            .map_or(peer, |address| address.to_canonical())
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse::<IpAddr>().ok()?, Some(bits.parse::<u32>().ok()?)),
        None => (text.parse::<IpAddr>().ok()?, None),
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// What counts as one place: an IPv4 address, or the /56 that a household or an office is given.
pub(super) fn place_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => Ipv4Addr::to_string(&address),
        IpAddr::V6(address) => {
            let kept = u128::from(address) & (u128::MAX << 72);
            format!("{}/56", Ipv6Addr::from(kept))
        }
    }
}

/// Value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_asked_for_in_four_ways() {
        for (query, cookie, accept, wanted) in [
            (None, None, None, Lang::Ja),
            (None, None, Some("en-GB,en;q=0.9,ja;q=0.8"), Lang::En),
            (None, None, Some("fr,de;q=0.9"), Lang::Ja),
            (None, None, Some("en;q=0.2, ja;q=0.7"), Lang::Ja),
            (None, None, Some("en;q=0"), Lang::Ja),
            (None, None, Some("en;q=nan"), Lang::Ja),
            (None, Some("ja"), Some("en"), Lang::Ja),
            (Some("en"), Some("ja"), Some("ja"), Lang::En),
            (Some("xx"), Some("en"), None, Lang::En),
        ] {
            assert_eq!(
                language(query, cookie, accept),
                wanted,
                "{query:?} {cookie:?} {accept:?}"
            );
        }
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        headers
    }

    fn client(proxies: &[&str], hops: usize, peer: &str, values: &[&str]) -> String {
        let proxies = Proxies {
            addresses: proxies.iter().map(|&text| text.to_owned()).collect(),
            hops,
        };
        TrustedProxies::new(&proxies)
            .expect("networks")
            .client(peer.parse().expect("an address"), &forwarded(values))
            .to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_proxies_and_only_what_they_wrote() {
        // Nobody is trusted unless told so.
        assert_eq!(client(&[], 1, "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(
            client(&["10.0.0.0/8"], 1, "203.0.113.9", &["198.51.100.1"]),
            "203.0.113.9"
        );
        // The proxy's own entry is the last; what the client sent stands before it.
        assert_eq!(
            client(&["10.0.0.0/8"], 1, "10.1.2.3", &["192.0.2.1, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            client(&["10.0.0.0/8"], 1, "10.1.2.3", &["192.0.2.1", "198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            client(&["10.0.0.0/8"], 2, "10.1.2.3", &["192.0.2.1, 198.51.100.1, 10.9.9.9"]),
            "198.51.100.1"
        );
        // Too few entries, or no address: the peer.
        assert_eq!(client(&["10.0.0.0/8"], 2, "10.1.2.3", &["198.51.100.1"]), "10.1.2.3");
        assert_eq!(client(&["10.0.0.0/8"], 1, "10.1.2.3", &["unknown"]), "10.1.2.3");
        assert_eq!(
            client(&["10.0.0.0/8"], 1, "::ffff:10.1.2.3", &["198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            client(&["2001:db8::/32"], 1, "2001:db8:1::1", &["::ffff:198.51.100.1"]),
            "198.51.100.1"
        );
        assert!(
            TrustedProxies::new(&Proxies {
                addresses: vec!["10.0.0.0/33".into()],
                hops: 1
            })
            .is_err()
        );
    }

    #[test]
    fn one_place_cannot_be_many() {
        let place = |text: &str| place_of(text.parse().expect("an address"));
        assert_eq!(place("2001:db8:1:2ff::1"), place("2001:db8:1:200:ffff::2"));
        assert_ne!(place("2001:db8:1:200::1"), place("2001:db8:1:300::1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
    }

    #[test]
    fn cookies_are_found_by_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a=1; __Host-junkyo=x; junkyo=y".parse().expect("a header"));
        assert_eq!(cookie(&headers, "junkyo"), Some("y"));
        assert_eq!(cookie(&headers, "__Host-junkyo"), Some("x"));
        assert_eq!(cookie(&headers, "kyo"), None);
    }
}
