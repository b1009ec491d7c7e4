//! What units know of the municipality's own staff: the personnel orders that they were told.

use super::Row;
use super::desk::{Desk, row};

const ORDERS: &str = "orders";

/// Kinds of orders.
mod kind {
    pub(super) const ENGAGED: &str = "1";
    pub(super) const ON_LEAVE: &str = "4";
    pub(super) const BACK: &str = "5";
    pub(super) const LEFT: &str = "6";
    pub(super) const CANCELLED: &str = "8";
}

/// How somebody stands on a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Not engaged yet, or has left.
    Out,
    /// Works.
    In,
    /// On a leave of absence.
    OnLeave,
}

/// Takes the notice `personnel-changed`.
pub(super) fn take_order(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    let number = desk.text("atenabango").to_owned();
    desk.set_note(&subject, "atenabango", number);
    let order = row([
        ("kind", desk.text("jinji_ido_kubun").to_owned()),
        ("day", desk.text("hatsureibi").to_owned()),
        ("section", desk.text("shozoku_kodo").to_owned()),
    ]);
    desk.add(ORDERS, &subject, order);
}

/// Whether any order about somebody is known.
pub(super) fn is_known(desk: &Desk<'_>, staff: &str) -> bool {
    !desk.rows(ORDERS, staff).is_empty()
}

/// How somebody stands on a day. Orders that were cancelled do not count where the rule about that is obeyed.
pub(super) fn standing(desk: &Desk<'_>, staff: &str, day: &str, cancellation_rule: &str) -> Standing {
    let mut standing = Standing::Out;
    for order in orders(desk, staff, cancellation_rule) {
        let (from, is_past) = (value(&order, "day"), value(&order, "day") < day);
        standing = match value(&order, "kind") {
            kind::ENGAGED | kind::BACK if from <= day => Standing::In,
            kind::ON_LEAVE if from <= day => Standing::OnLeave,
            // The day of leaving is the last one in service.
            kind::LEFT if is_past => Standing::Out,
            _ => standing,
        };
    }
    standing
}

/// Section of somebody on a day; the newest one if no day is given.
pub(super) fn section(desk: &Desk<'_>, staff: &str, day: Option<&str>, cancellation_rule: &str) -> String {
    let orders = orders(desk, staff, cancellation_rule).into_iter();
    let named = orders.filter(|order| !value(order, "section").is_empty());
    let mut valid = named.filter(|order| day.is_none_or(|day| value(order, "day") <= day));
    valid
        .next_back()
        .map_or_else(String::new, |order| value(&order, "section").to_owned())
}

/// Orders by their days.
fn orders(desk: &Desk<'_>, staff: &str, cancellation_rule: &str) -> Vec<Row> {
    let all = desk.rows(ORDERS, staff);
    let is_cancellation = |order: &&Row| value(order, "kind") == kind::CANCELLED;
    let cancelled: Vec<&str> = match desk.obeys(cancellation_rule) {
        true => all
            .iter()
            .filter(is_cancellation)
            .map(|order| value(order, "day"))
            .collect(),
        false => Vec::new(),
    };
    let mut orders: Vec<Row> = all
        .iter()
        .filter(|order| !cancelled.contains(&value(order, "day")))
        .cloned()
        .collect();
    orders.sort_by(|a, b| value(a, "day").cmp(value(b, "day")));
    orders
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}
