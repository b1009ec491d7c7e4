//! Units 01 to 04 and 22: who lives here, seals, families, voters, and people outside the register.

use super::{About, Mapper, Sink, birth, flag, members};
use crate::population::municipality::Municipality;
use crate::population::municipality::people::{End, Household, Person};
use crate::population::municipality::town::{ELSEWHERE, ELSEWHERE_NAME, MUNICIPALITY_NAME};
use crate::text::date::{Day, age};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (1, "resident") => resident,
        (1, "household") => household,
        (1, "support-measure") => support_measure,
        (1, "resident-history") => history,
        (2, "seal") => seal,
        (3, "family-register") => family_register,
        (3, "residence-record") => residence_record,
        (4, "voter") => voter,
        (22, "addressee") => addressee,
        _ => return None,
    })
}

/// A state of somebody in the resident register.
struct State {
    history: i64,
    from: Day,
    to: Option<Day>,
    /// 異動事由.
    reason: &'static str,
    /// 住民状態.
    state: &'static str,
    at_former_address: bool,
}

impl State {
    fn about<'h>(&self, household: &'h Household, person: &'h Person) -> About<'h> {
        if self.at_former_address {
            About::Before(household, person)
        } else {
            About::Member(household, person)
        }
    }
}

/// The states of a person: entered, moved inside, left.
fn states(household: &Household, person: &Person) -> Vec<State> {
    // Who left before the household moved never lived at the new address.
    let before_move = |day: Day| household.moved.is_some_and(|moved| day < moved);
    let entered = if person.born() == Some(person.since) {
        "13"
    } else if person.is_japanese() {
        "11"
    } else {
        "12"
    };
    let left = person.left();
    let mut states = vec![State {
        history: 1,
        from: person.since,
        to: person.moved.or(left),
        reason: entered,
        state: "1",
        at_former_address: before_move(person.since),
    }];
    if let Some(moved) = person.moved {
        states.push(State {
            history: 2,
            from: moved,
            to: left,
            reason: "31",
            state: "1",
            at_former_address: false,
        });
    }
    if let Some((day, how)) = person.end {
        let (reason, state) = match how {
            End::MovedOut => ("21", "2"),
            End::MovedAbroad => ("22", "2"),
            End::Died => ("23", "3"),
        };
        states.push(State {
            history: states.len() as i64 + 1,
            from: day,
            to: None,
            reason,
            state,
            at_former_address: before_move(day),
        });
    }
    states
}

/// 外国人住民となった年月日: not before the register took foreign residents (2012-07-09).
fn foreign_since(person: &Person) -> Option<Day> {
    let beginning = Day::new(2012, 7, 9).unwrap_or(person.since);
    (!person.is_japanese()).then(|| person.since.max(beginning))
}

fn resident(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        for state in states(household, person) {
            let moved_to = (state.reason == "21" && person.protected.is_none()).then_some(ELSEWHERE);
            let address_since = if state.reason == "31" {
                state.from
            } else {
                person.moved.filter(|day| *day <= state.from).unwrap_or(person.since)
            };
            sink.row(
                state.about(household, person),
                &[
                    ("rirekibango", state.history.into()),
                    ("jumin_jotai", state.state.into()),
                    ("ido_jiyu", state.reason.into()),
                    ("jumin_natta_bi", person.since.into()),
                    ("gaikokujin_jumin_natta_bi", foreign_since(person).into()),
                    ("jusho_sadame_bi", address_since.into()),
                    ("tenshutsusaki_shikuchosonkodo", moved_to.into()),
                    ("kaishibi", state.from.into()),
                    ("shuryobi", state.to.into()),
                ],
            );
        }
    }
}

fn household(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        sink.row(
            About::Member(household, person),
            &[("kaishibi", person.since.into()), ("shuryobi", person.left().into())],
        );
    }
}

fn support_measure(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        let Some(start) = person.protected else {
            continue;
        };
        let last = start.add_years(1).and_then(Day::previous);
        sink.row(
            About::Member(household, person),
            &[
                ("kari_shiensochi", flag(false)),
                ("shien_kaishibi", start.into()),
                ("shien_shuryobi", last.into()),
            ],
        );
    }
}

fn history(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        for state in states(household, person) {
            let out = state.reason == "21" || state.reason == "22";
            let reported = match state.history {
                1 => Some(person.reported),
                _ => Some(state.from),
            };
            let destination = (state.reason == "21").then(|| format!("{ELSEWHERE_NAME}一丁目２番"));
            sink.row(
                state.about(household, person),
                &[
                    ("rirekibango", state.history.into()),
                    ("ido_jiyu", state.reason.into()),
                    ("idobi", state.from.into()),
                    ("todokedebi", reported.into()),
                    ("shokken_flag", flag(false)),
                    ("jumin_jotai", state.state.into()),
                    ("tenshutsu_yoteibi", out.then_some(state.from).into()),
                    ("tenshutsusaki_jusho", destination.into()),
                ],
            );
        }
    }
}

/// Six in ten adults have a registered seal; nobody below fifteen.
fn seal(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        let mut rng = city.rng(person.number.value(), "seal");
        let grown = person.reached(20).map(|day| day.max(person.since));
        let Some(start) = grown.and_then(|day| day.add_days(30 + rng.below(900) as i32)) else {
            continue;
        };
        if rng.below(100) >= 60 || start > city.last_day(person) {
            continue;
        }
        sink.row(
            About::Member(household, person),
            &[
                ("inkan_jotai", "1".into()),
                (
                    "inkan_torokubango",
                    format!("{:010}", person.number.short() % 10_000_000_000).into(),
                ),
                ("inei_moji", person.name.family.as_str().into()),
                ("inei_bango", format!("IN{:011}", person.number.short()).into()),
                ("kaishibi", start.into()),
                ("shuryobi", person.left().into()),
            ],
        );
    }
}

/// Six in ten households have their registered domicile here; foreign residents have none.
fn is_domiciled(city: &Municipality, household: &Household, person: &Person) -> bool {
    person.is_japanese() && city.rng(household.index, "domicile").below(100) < 60
}

fn family_register(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        if !is_domiciled(city, household, person) {
            continue;
        }
        let Some(born) = person.born() else {
            continue;
        };
        let number = |place: Option<usize>| household.member(place).map(|other| other.number);
        let spouse = household.member(person.spouse);
        // A couple married on the day before it came here, and not before both were eighteen.
        let adult = |other: &Person| other.born().and_then(|birth| age::first_day_of_age(birth, 18));
        let married = spouse.and_then(|spouse| {
            let earliest = adult(person)?.max(adult(spouse)?);
            Some(person.since.min(spouse.since).previous()?.max(earliest))
        });
        let (event, from) = match married {
            Some(day) => ("03", day),
            None => ("01", born),
        };
        let died = person.end.filter(|(_, how)| *how == End::Died).map(|(day, _)| day);
        let place = format!("{MUNICIPALITY_NAME}{}１番", household.address.town);
        let first = household.head();
        let first = if person.relation == "同居人" { person } else { first };
        let mut row = |state: &'static str, event: &'static str, from: Day, to: Option<Day>, died: Option<Day>| {
            sink.row(
                About::Member(household, person),
                &[
                    ("koseki_jotai", state.into()),
                    ("koseki_jiken", event.into()),
                    ("honseki", place.as_str().into()),
                    ("hittosha", first.name.full.as_str().into()),
                    ("chichi_atenabango", number(person.father).into()),
                    ("haha_atenabango", number(person.mother).into()),
                    ("aite_atenabango", number(person.spouse).into()),
                    ("shibobi", died.into()),
                    ("shikki_flag", flag(false)),
                    ("kaishibi", from.into()),
                    ("shuryobi", to.into()),
                ],
            );
        };
        row("1", event, from, died, None);
        if let Some(day) = died {
            row("2", "02", day, None, died);
        }
    }
}

fn residence_record(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        if !is_domiciled(city, household, person) {
            continue;
        }
        let entered = if person.moved.is_some() {
            &household.former_address
        } else {
            &household.address
        };
        let mut addresses = vec![(entered.full(MUNICIPALITY_NAME), person.since)];
        addresses.extend(person.moved.map(|day| (household.address.full(MUNICIPALITY_NAME), day)));
        match person.end {
            Some((day, End::MovedOut)) => addresses.push((format!("{ELSEWHERE_NAME}一丁目２番"), day)),
            Some((day, End::MovedAbroad)) => addresses.push(("国外".to_owned(), day)),
            _ => {}
        }
        for (at, (address, since)) in addresses.iter().enumerate() {
            sink.row(
                About::Member(household, person),
                &[
                    ("rirekibango", (at as i64 + 1).into()),
                    ("jusho_zenbun", address.as_str().into()),
                    ("jusho_sadame_bi", (*since).into()),
                ],
            );
        }
    }
}

/// 定時登録: the first of March, June, September or December by which somebody is eighteen and has been in the register for
/// three months.
fn registration(person: &Person) -> Option<Day> {
    let adult = person.reached(18)?;
    let earliest = person.reported.max(person.since).add_months(3)?.max(adult);
    let first = if earliest.day() == 1 {
        earliest
    } else {
        earliest.first_of_next_month()?
    };
    let wait = (3 - i32::from(first.month()) % 3) % 3;
    first.add_months(wait)
}

fn voter(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household).filter(|(_, person)| person.is_japanese()) {
        let Some(entered) = registration(person).filter(|day| *day <= city.last_day(person)) else {
            continue;
        };
        let mut row = |state: &'static str, from: Day, to: Option<Day>, marked: Option<Day>| {
            sink.row(
                About::Member(household, person),
                &[
                    ("meibo_jotai", state.into()),
                    ("meibo_torokubi", entered.into()),
                    ("hyojibi", marked.into()),
                    ("kaishibi", from.into()),
                    ("shuryobi", to.into()),
                ],
            );
        };
        row("1", entered, person.left(), None);
        if let Some((day, End::MovedOut | End::MovedAbroad)) = person.end {
            // Struck when four months have passed.
            let struck = day
                .add_months(4)
                .and_then(Day::next)
                .filter(|struck| *struck <= city.as_of());
            row("2", day, struck, Some(day));
        }
    }
}

fn addressee(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if let Some((person, address)) = &household.outsider {
        sink.row(
            About::Outsider(person, address),
            &[
                ("rirekibango", 1.into()),
                ("kaishibi", person.since.into()),
                ("kojin_hojin_kubun", "1".into()),
                ("seinengappi", birth(person)),
                ("jusho_shikuchosonkodo", ELSEWHERE.into()),
                ("gyomuid", "012".into()),
                ("tagyomusanshofukafuragu", flag(false)),
                ("nayosemotofuragu", flag(false)),
            ],
        );
    }
    if let Some(corporation) = &household.corporation {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", corporation.number.into()),
                ("rirekibango", 1.into()),
                ("kaishibi", corporation.since.into()),
                ("kojin_hojin_kubun", "2".into()),
                ("shimei", corporation.name.as_str().into()),
                (
                    "jusho_shikuchosonkodo",
                    crate::population::municipality::MUNICIPALITY.into(),
                ),
                ("jusho_choazakodo", corporation.address.town_code.as_str().into()),
                ("jusho_choaza", corporation.address.town.as_str().into()),
                ("jusho_banchigohyoki", corporation.address.lot.as_str().into()),
                ("jusho_katagaki", corporation.address.building.as_deref().into()),
                ("jusho_yubinbango", crate::population::municipality::POSTAL.into()),
                ("gyomuid", "011".into()),
                ("tagyomusanshofukafuragu", flag(false)),
                ("nayosemotofuragu", flag(false)),
            ],
        );
    }
}
