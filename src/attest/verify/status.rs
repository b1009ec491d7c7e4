//! The status of a registration: a fold over its events, without a database.

use time::Date;

use super::clock;
use crate::attest::statement::{EventKind, RegistrationEvent};

/// What became of a registration up to a day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Status {
    /// `active`, `suspended`, `withdrawn`, `superseded`, `expired`, or `not-yet`.
    pub(super) state: &'static str,
    /// Whether it can be relied upon.
    pub(super) in_force: bool,
    /// Since when, YYYY-MM-DD.
    pub(super) since: String,
    /// Last day.
    pub(super) valid_until: Option<String>,
    /// Whether the suite was found to be wrong in places.
    pub(super) flagged: bool,
}

/// The status on a day; `None` if a day in an event is none.
pub(super) fn fold<'a>(events: impl Iterator<Item = &'a RegistrationEvent>, day: Date) -> Option<Status> {
    let mut status = Status {
        state: "not-yet",
        in_force: false,
        since: "-".into(),
        valid_until: None,
        flagged: false,
    };
    for event in events {
        if clock::day(&event.valid_from)? > day {
            break;
        }
        if let Some(until) = &event.valid_until {
            clock::day(until)?;
            status.valid_until = Some(until.clone());
        }
        let state = match event.event {
            EventKind::Registered | EventKind::Reinstated => "active",
            EventKind::Suspended => "suspended",
            EventKind::Withdrawn => "withdrawn",
            EventKind::Superseded => "superseded",
            EventKind::Expired => "expired",
            // What was expired lives again when extended; what was suspended stays so.
            EventKind::Extended if status.state == "expired" => "active",
            EventKind::Extended | EventKind::Interconnected => status.state,
            EventKind::SuiteFlagged => {
                status.flagged = true;
                status.state
            }
        };
        if state != status.state {
            status.state = state;
            status.since.clone_from(&event.valid_from);
        }
    }
    let over = match &status.valid_until {
        Some(until) => clock::day(until)? < day,
        None => false,
    };
    if over && matches!(status.state, "active" | "suspended") {
        status.state = "expired";
        status.since = status.valid_until.clone().unwrap_or_default();
    }
    status.in_force = status.state == "active";
    Some(status)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn event(kind: EventKind, from: &str, until: Option<&str>) -> RegistrationEvent {
        RegistrationEvent {
            affects: Vec::new(),
            basis: None,
            event: kind,
            previous: None,
            reason: None,
            registration_number: "JK-2026-000001-00".into(),
            review_by: None,
            scope: None,
            sequence: 1,
            successor: None,
            valid_from: from.into(),
            valid_until: until.map(str::to_owned),
        }
    }

    #[test]
    fn the_state_is_that_of_the_day() {
        let events = [
            event(EventKind::Registered, "2026-11-22", Some("2028-03-31")),
            event(EventKind::Suspended, "2026-12-10", None),
            event(EventKind::Reinstated, "2027-01-10", None),
            event(EventKind::SuiteFlagged, "2027-02-01", None),
            event(EventKind::Extended, "2028-05-01", Some("2029-03-31")),
            event(EventKind::Withdrawn, "2028-06-01", None),
        ];
        let on = |day| fold(events.iter(), day).expect("days").state;
        assert_eq!(on(date!(2026 - 11 - 21)), "not-yet");
        assert_eq!(on(date!(2026 - 11 - 22)), "active");
        assert_eq!(on(date!(2026 - 12 - 10)), "suspended");
        assert_eq!(on(date!(2027 - 01 - 10)), "active");
        assert_eq!(on(date!(2028 - 04 - 01)), "expired");
        assert_eq!(on(date!(2028 - 05 - 01)), "active");
        assert_eq!(on(date!(2029 - 06 - 01)), "withdrawn");
        assert!(fold(events.iter(), date!(2027 - 02 - 01)).expect("days").flagged);
        let bad = [event(EventKind::Registered, "22.11.2026", None)];
        assert_eq!(fold(bad.iter(), date!(2027 - 01 - 01)), None);
    }
}
