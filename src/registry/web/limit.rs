//! How often something may be asked for: a bucket for each account or network and each class, in bounded memory.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Deserialize;

use super::route::Rate;

/// Requests a minute, and at once, for one account or network. Several instances count each for itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Rates {
    /// Pages and downloads.
    pub page: u32,
    /// Search, tables, checks.
    pub search: u32,
    /// Sign-in and sign-up.
    pub sign_in: u32,
    /// Changes.
    pub change: u32,
    /// Uploads.
    pub upload: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            page: 1200,
            search: 600,
            sign_in: 20,
            change: 120,
            upload: 30,
        }
    }
}

/// Buckets that are kept at most for each class; when all are in use, newcomers share one.
const BUCKETS: usize = 100_000;
/// Bucket of newcomers when there is no room.
const SHARED: &str = "(others)";

/// The buckets.
pub(super) struct Limits {
    classes: Vec<(Rate, DefaultKeyedRateLimiter<String>)>,
    clock: DefaultClock,
    most: usize,
}

impl Limits {
    pub(super) fn new(rates: &Rates) -> Self {
        Self::with_room(rates, BUCKETS)
    }

    fn with_room(rates: &Rates, most: usize) -> Self {
        let class = |rate: Rate, a_minute: u32| {
            let a_minute = NonZeroU32::new(a_minute).unwrap_or(NonZeroU32::MIN);
            (rate, RateLimiter::keyed(Quota::per_minute(a_minute)))
        };
        Self {
            classes: vec![
                class(Rate::Page, rates.page),
                class(Rate::Search, rates.search),
                class(Rate::SignIn, rates.sign_in),
                class(Rate::Change, rates.change),
                class(Rate::Upload, rates.upload),
            ],
            clock: DefaultClock::default(),
            most,
        }
    }

    /// Takes one from a bucket; `Err` holds the seconds until there is one again.
    pub(super) fn take(&self, rate: Rate, who: &str) -> Result<(), u64> {
        let Some((_, buckets)) = self.classes.iter().find(|(class, _)| *class == rate) else {
            return Ok(());
        };
        if buckets.len() >= self.most {
            buckets.retain_recent();
        }
        let who = if buckets.len() >= self.most { SHARED } else { who };
        buckets.check_key(&who.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            wait.max(Duration::from_secs(1)).as_secs_f64().ceil() as u64
        })
    }

    /// Forgets buckets that are full again.
    pub(super) fn tidy(&self) {
        for (_, buckets) in &self.classes {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_bucket_of_its_own_and_is_told_when_to_come_back() {
        let limits = Limits::new(&Rates {
            sign_in: 3,
            ..Rates::default()
        });
        for _ in 0..3 {
            assert_eq!(limits.take(Rate::SignIn, "a"), Ok(()));
        }
        let wait = limits.take(Rate::SignIn, "a").expect_err("the bucket is empty");
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(limits.take(Rate::SignIn, "b"), Ok(()));
        assert_eq!(limits.take(Rate::Page, "a"), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_names_buys_nothing() {
        let limits = Limits::with_room(
            &Rates {
                sign_in: 2,
                ..Rates::default()
            },
            10,
        );
        let passed = (0..1000)
            .filter(|number| limits.take(Rate::SignIn, &format!("name-{number}")).is_ok())
            .count();
        assert!(passed <= 10 + 3, "{passed}");
        let kept: usize = limits.classes.iter().map(|(_, buckets)| buckets.len()).sum();
        assert!(kept <= 11, "{kept}");
    }
}
