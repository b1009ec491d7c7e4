//! Claims against registered evidence: a pure function of list, matches, catalog, reports, corpus and day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fold;
use super::list::{Answer, Claim, ClauseList, Offer};
use super::matching::{Basis, ClauseMatch, Confirmations};
use super::register::Register;
use super::result::{
    CatalogRef, Cell, Evidence, Finding, OfferView, Provisional, RESULT_SCHEMA, RegistrationView, RfpResult, Row,
    SuiteRef,
};
use super::weigh::{Scales, Standing};
use crate::attest::Digest;
use crate::catalog::Record;
use crate::registry::model::Moment;
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

/// What the check needs besides the list.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Day on which findings shall hold.
    pub as_of: Day,
    /// What was verified of the catalog, if anything.
    pub verified: Option<Text>,
}

/// Checks the claims of a list. `matches` are those of the same list ([`super::Matcher::matches`]).
pub fn check(
    list: &ClauseList,
    matches: &[ClauseMatch],
    confirmations: &Confirmations,
    register: &Register<'_>,
    corpus: &Corpus,
    options: &CheckOptions,
) -> RfpResult {
    let catalog = catalog_of(register, options);
    let checker = Checker {
        list,
        scales: Scales {
            register,
            corpus,
            as_of: options.as_of,
        },
        is_stale: catalog.is_stale,
    };
    let claims = strictest_by_place(list);
    let mut offers: Vec<OfferView> = list.offers.iter().map(|offer| checker.offer_view(offer)).collect();
    let mut rows = Vec::with_capacity(list.clauses.len());
    for (index, (clause, found)) in list.clauses.iter().zip(matches).enumerate() {
        let cells: Vec<Cell> = (0..list.offers.len())
            .map(|offer| checker.cell(found, offer, claims.get(&(index, offer))))
            .collect();
        for (cell, offer) in cells.iter().zip(&mut offers) {
            *offer.counts.entry(cell.finding.word().to_owned()).or_default() += 1;
        }
        rows.push(Row {
            clause: clause.clone(),
            found: found.clone(),
            cells,
        });
    }
    RfpResult {
        schema: RESULT_SCHEMA.to_owned(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: options.as_of,
        title: list.title.clone(),
        sources: list.sources.clone(),
        confirmations: digest_of(confirmations),
        suite: SuiteRef {
            uri: format!("pkg:generic/junkyo-corpus@{}", env!("CARGO_PKG_VERSION")),
            digest: corpus.digest.clone(),
        },
        catalog,
        offers,
        rows,
        notes: list.notes.clone(),
    }
}

fn catalog_of(register: &Register<'_>, options: &CheckOptions) -> CatalogRef {
    let Some(head) = register.catalog.head() else {
        // A catalog inside the register itself is never stale.
        return CatalogRef {
            sha256: register.digest,
            verified: options.verified.clone(),
            ..CatalogRef::default()
        };
    };
    CatalogRef {
        name: head.catalog.clone(),
        no: head.no,
        issued_at: head.issued_at.clone(),
        next_update: head.next_update.clone(),
        log_size: head.log.size,
        log_root: Some(head.log.root),
        sha256: register.digest,
        // A catalog whose end cannot be read is as good as none.
        is_stale: Moment::parse(&head.next_update).is_none_or(|end| end.day() < options.as_of),
        verified: options.verified.clone(),
    }
}

fn digest_of(confirmations: &Confirmations) -> Option<Digest> {
    if confirmations.is_empty() {
        return None;
    }
    let all: Vec<_> = confirmations.all().collect();
    let bytes = crate::attest::canonical::to_bytes(&all).ok()?;
    Some(Digest::of(&bytes))
}

/// A claim that counts, and whether the vendor answered the same clause in several ways.
struct Counted<'a> {
    claim: &'a Claim,
    is_contradictory: bool,
}

/// The claims by clause and offer; of several answers to one clause the weakest counts.
fn strictest_by_place(list: &ClauseList) -> HashMap<(usize, usize), Counted<'_>> {
    let mut all: HashMap<(usize, usize), Counted<'_>> = HashMap::new();
    for claim in &list.claims {
        let key = (claim.clause, claim.offer);
        match all.get_mut(&key) {
            None => {
                all.insert(
                    key,
                    Counted {
                        claim,
                        is_contradictory: false,
                    },
                );
            }
            Some(_) if claim.answer == Answer::Empty => {}
            Some(known) => {
                let was_empty = known.claim.answer == Answer::Empty;
                known.is_contradictory |= !was_empty && known.claim.answer != claim.answer;
                if was_empty || claim.answer > known.claim.answer {
                    known.claim = claim;
                }
            }
        }
    }
    all
}

struct Checker<'a> {
    list: &'a ClauseList,
    scales: Scales<'a>,
    is_stale: bool,
}

impl Checker<'_> {
    fn offer_view(&self, offer: &Offer) -> OfferView {
        let mut records: Vec<&Record> = Vec::new();
        for number in &offer.registrations {
            records.extend(self.scales.register.catalog.record(number));
        }
        if let Some(product) = &offer.product {
            records.extend(self.scales.register.named(&offer.vendor, product));
        }
        let mut seen = BTreeSet::new();
        records.retain(|record| seen.insert(record.registration.clone()));
        OfferView {
            offer: offer.clone(),
            registrations: records
                .into_iter()
                .map(|record| self.registration_view(record))
                .collect(),
            counts: BTreeMap::new(),
        }
    }

    fn registration_view(&self, record: &Record) -> RegistrationView {
        let day = self.scales.as_of;
        RegistrationView {
            registration: record.registration.clone(),
            product: record.product.name.clone(),
            version: record.product.version.clone(),
            vendor: record.vendor.name.clone(),
            status: record.status_at(day).map(|status| status.word().to_owned()),
            valid_from: record.valid_from,
            valid_until: record.valid_until_at(day),
        }
    }

    fn cell(&self, found: &ClauseMatch, offer: usize, counted: Option<&Counted<'_>>) -> Cell {
        let mut cell = Cell {
            answer: counted.map_or(Answer::Empty, |counted| counted.claim.answer),
            written: counted.map(|counted| counted.claim.written.clone()).unwrap_or_default(),
            remark: counted.map(|counted| counted.claim.remark.clone()).unwrap_or_default(),
            place: counted.map(|counted| counted.claim.place.clone()),
            finding: Finding::NotClaimed,
            reasons: Vec::new(),
            evidence: Vec::new(),
            provisional: None,
        };
        if counted.is_some_and(|counted| counted.is_contradictory) {
            cell.reasons.push(Text::new(
                "同じ条項に異なる回答があるため、最も弱い回答で判定しました",
                "the clause was answered in several ways; the weakest answer counts",
            ));
        }
        match found.basis {
            Basis::OutOfScope => {
                cell.finding = Finding::OutOfScope;
                cell.reasons.push(Text::new(
                    "準拠試験の対象でないことを人が確認しています",
                    "a person confirmed that the tests have nothing for it",
                ));
                return cell;
            }
            Basis::None => {
                cell.finding = Finding::OutOfScope;
                cell.reasons.push(Text::new(
                    "該当する要件が要件集にありません（語による照合。人は未確認）",
                    "the corpus has no requirement near it (by words; not confirmed by a person)",
                ));
                return cell;
            }
            Basis::Id | Basis::Clause | Basis::Confirmed | Basis::Suggested => {}
        }
        let Some(claim) = counted
            .map(|counted| counted.claim)
            .filter(|claim| claim.answer.is_claim())
        else {
            self.without_claim(&mut cell);
            return cell;
        };
        let offer = &self.list.offers[offer];
        if found.basis == Basis::Suggested {
            self.unconfirmed(&mut cell, found, offer, claim);
        } else {
            self.decide(&mut cell, &found.requirements, offer, claim);
        }
        cell
    }

    fn without_claim(&self, cell: &mut Cell) {
        let reason = match cell.answer {
            Answer::Unclear => {
                cell.finding = Finding::Undetermined;
                Text::new(
                    "回答を○・△・×などとして読み取れません。回答者に確かめてください",
                    "the answer cannot be read as yes, partly, no …; ask the vendor",
                )
            }
            Answer::Planned => Text::new(
                "今後の対応の予定であり、現在の証拠では裏づけられません",
                "a plan for later; evidence of today cannot substantiate it",
            ),
            Answer::Empty => Text::new("回答がありません", "there is no answer"),
            _ => Text::new(
                "対応するという回答ではありません",
                "the answer does not say that the product does it",
            ),
        };
        cell.reasons.push(reason);
    }

    fn unconfirmed(&self, cell: &mut Cell, found: &ClauseMatch, offer: &Offer, claim: &Claim) {
        cell.finding = Finding::Undetermined;
        cell.reasons.push(Text::new(
            "対応する要件が人によって確認されていません（候補は根拠になりません）",
            "no person has confirmed what the clause asks for (suggestions substantiate nothing)",
        ));
        if let Some(first) = found.suggestions.first() {
            let standing = self.standing(std::slice::from_ref(&first.requirement), offer, claim);
            cell.provisional = Some(Provisional {
                finding: standing.finding,
                condition: Text::new(
                    format!("第1候補 {} が確認された場合", first.requirement),
                    format!("if the first suggestion, {}, were confirmed", first.requirement),
                ),
            });
        }
    }

    fn decide(&self, cell: &mut Cell, requirements: &[String], offer: &Offer, claim: &Claim) {
        let standing = self.standing(requirements, offer, claim);
        cell.finding = standing.finding;
        cell.reasons.extend(standing.reasons);
        cell.evidence = standing.evidence;
        if self.is_stale {
            cell.provisional = Some(Provisional {
                finding: cell.finding,
                condition: Text::new(
                    "手元のカタログのままであった場合",
                    "if the catalog at hand were still true",
                ),
            });
            cell.finding = Finding::Undetermined;
            cell.reasons.push(Text::new(
                "基準日がカタログの次回更新日より後です。新しいカタログを入手してください",
                "the day lies after the next update of the catalog; fetch a newer one",
            ));
        }
    }

    /// What the evidence amounts to, and what it means for this kind of answer.
    fn standing(&self, requirements: &[String], offer: &Offer, claim: &Claim) -> Standing {
        let mut standing = self.scales.weigh(requirements, offer, claim);
        match (claim.answer, standing.finding) {
            (Answer::Partly | Answer::Customised | Answer::Alternative, Finding::Contradicted)
                if !standing.is_withdrawn =>
            {
                standing.finding = Finding::NotSubstantiated;
                standing.reasons.push(Text::new(
                    "回答は条件つき・カスタマイズ・代替であり、登録された版の不合格はこれと矛盾しません",
                    "the answer is conditional, customised or an alternative; a failure of the registered version does not contradict it",
                ));
            }
            (Answer::Customised | Answer::Alternative, Finding::Substantiated) => standing.reasons.push(Text::new(
                "登録された版は、カスタマイズや代替によらずに要件を満たしています",
                "the registered version meets it without a change or an alternative",
            )),
            _ => {}
        }
        standing
    }
}

/// Whether two names of products are the same.
pub(super) fn is_same_product(record: &Record, product: &str) -> bool {
    fold::name(&record.product.name) == fold::name(product)
}

/// Evidence in a few words, for a reason.
pub(super) fn shown(evidence: &Evidence) -> String {
    match &evidence.registration {
        Some(number) => format!("{} {} ({number})", evidence.product, evidence.version),
        None => evidence.requirement.clone(),
    }
}
