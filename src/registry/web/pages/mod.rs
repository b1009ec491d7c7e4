//! The pages of the register: what stands in the table of routes, and the layout around every page.
//!
//! Each page is a template in `reports/templates/registry/`, rendered into the layout. Nothing needs a script.

mod catalog;
mod form;
mod office;
mod offline;
mod public;
mod registration;
mod registrations;
mod review;
mod rfp;
mod vendor;
mod vendor_case;
mod view;

use askama::Template;

use super::params::Params;
use super::reply::{PageError, Problem, Reply};
use super::route::{
    self, ADMINISTRATORS, ANYBODY, APPROVERS, AUDITORS, EXAMINERS, REVIEWERS, Rate, Route, STAFF, VENDORS, Verb,
};
use super::visitor::Visitor;
use crate::registry::model::Role;
use crate::text::Lang;
pub use offline::public_page;
use view::Words;

/// The style sheet of all pages: that of reports, that of RFP results, and what the register adds.
pub const STYLE: &str = concat!(
    include_str!("../../../../reports/style/report.css"),
    include_str!("../../../../reports/style/rfp.css"),
    include_str!("../../../../reports/style/registry.css")
);

/// Largest bundle that the upload form takes, in bytes.
const BUNDLE: u64 = super::api::BUNDLE_LIMIT;
/// Largest document, in bytes.
const DOCUMENT: u64 = 16 << 20;
/// Largest clause list, in bytes.
const LIST: u64 = 8 << 20;

/// Who admits vendors.
const ADMITTERS: &[Role] = &[Role::Examiner, Role::Administrator];
/// Who reads waivers and challenges against tests, and works on them.
const OFFICE: &[Role] = &[Role::Examiner, Role::Approver, Role::Administrator, Role::Auditor];
/// Who may read documents and bundles of a case.
const CASE: &[Role] = &[
    Role::Vendor,
    Role::Examiner,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];

/// The pages of the table.
pub const ROUTES: &[Route] = &[
    Route::page("/", ANYBODY, ("準拠登録", "Register of conformance"), public::front),
    Route::page(
        "/help",
        ANYBODY,
        ("読み方・検証のしかた", "How to read and verify"),
        public::help,
    ),
    Route::page("/data", ANYBODY, ("データ・API", "Data and API"), public::data),
    Route::page("/log", ANYBODY, ("透明性ログ", "Transparency log"), public::log),
    Route::page(
        "/accessibility",
        ANYBODY,
        ("アクセシビリティ", "Accessibility"),
        public::accessibility,
    ),
    Route::page("/catalog", ANYBODY, ("製品カタログ", "Catalog"), catalog::list).rate(Rate::Search),
    Route::page("/catalog/products/{id}", ANYBODY, ("製品", "Product"), catalog::product),
    Route::page(
        "/catalog.csv",
        ANYBODY,
        ("カタログ（CSV）", "Catalog (CSV)"),
        catalog::csv,
    )
    .rate(Rate::Search),
    Route::page(
        "/matrix",
        ANYBODY,
        ("相互接続の表", "Interconnection matrix"),
        catalog::matrix,
    )
    .rate(Rate::Search),
    Route::page("/r/{number}", ANYBODY, ("登録", "Registration"), registration::show),
    Route::page(
        "/r/{number}/certificate",
        ANYBODY,
        ("登録証", "Certificate"),
        registration::certificate,
    ),
    Route::page(
        "/r/{number}/badge.svg",
        ANYBODY,
        ("登録の印", "Badge"),
        registration::badge,
    ),
    Route::page(
        "/r/{number}/proof.zip",
        ANYBODY,
        ("証明一式", "Proof pack"),
        registration::proof,
    )
    .rate(Rate::Search),
    Route::page(
        "/rfp",
        ANYBODY,
        ("仕様書の確認", "Check of a request for proposals"),
        rfp::show,
    ),
    Route::form(
        "/rfp",
        ANYBODY,
        ("仕様書の確認", "Check of a request for proposals"),
        rfp::check,
    )
    .files(LIST),
    Route::page("/vendor", VENDORS, ("ベンダーの頁", "Vendor"), vendor::front),
    Route::page(
        "/vendor/products/new",
        VENDORS,
        ("製品を加える", "New product"),
        vendor::new_product,
    ),
    Route::form(
        "/vendor/products",
        VENDORS,
        ("製品を加える", "New product"),
        vendor::add_product,
    ),
    Route::page("/vendor/products/{id}", VENDORS, ("製品", "Product"), vendor::product),
    Route::form(
        "/vendor/products/{id}",
        VENDORS,
        ("製品", "Product"),
        vendor::change_product,
    ),
    Route::form(
        "/vendor/products/{id}/versions",
        VENDORS,
        ("製品", "Product"),
        vendor::add_version,
    ),
    Route::page("/vendor/versions/{id}", VENDORS, ("版", "Version"), vendor::version),
    Route::form(
        "/vendor/versions/{id}/challenges",
        VENDORS,
        ("版", "Version"),
        vendor::open_challenge,
    ),
    Route::page(
        "/vendor/challenges/{id}",
        VENDORS,
        ("チャレンジ", "Challenge"),
        vendor::challenge,
    ),
    Route::page(
        "/vendor/challenges/{id}/file",
        VENDORS,
        ("チャレンジ", "Challenge"),
        vendor::challenge_file,
    ),
    Route::form(
        "/vendor/challenges/{id}/abandon",
        VENDORS,
        ("チャレンジ", "Challenge"),
        vendor::abandon_challenge,
    ),
    Route::page("/vendor/keys", VENDORS, ("署名鍵", "Signing keys"), vendor::keys),
    Route::form("/vendor/keys", VENDORS, ("署名鍵", "Signing keys"), vendor::begin_key),
    Route::form(
        "/vendor/keys/proof",
        VENDORS,
        ("署名鍵", "Signing keys"),
        vendor::prove_key,
    ),
    Route::form(
        "/vendor/keys/revoke",
        VENDORS,
        ("署名鍵", "Signing keys"),
        vendor::revoke_key,
    ),
    Route::form(
        "/vendor/notices/read",
        VENDORS,
        ("お知らせ", "Notices"),
        vendor::read_notice,
    ),
    Route::page(
        "/vendor/submit",
        VENDORS,
        ("バンドルを提出", "Submit a bundle"),
        vendor_case::submit_page,
    ),
    Route::form(
        "/vendor/submit",
        VENDORS,
        ("バンドルを提出", "Submit a bundle"),
        vendor_case::submit,
    )
    .files(BUNDLE),
    Route::page(
        "/vendor/submissions/{id}",
        VENDORS,
        ("提出", "Submission"),
        vendor_case::show,
    ),
    Route::form(
        "/vendor/submissions/{id}/answer",
        VENDORS,
        ("提出", "Submission"),
        vendor_case::answer,
    ),
    Route::form(
        "/vendor/submissions/{id}/retract",
        VENDORS,
        ("提出", "Submission"),
        vendor_case::retract,
    ),
    Route::form(
        "/vendor/submissions/{id}/documents",
        VENDORS,
        ("提出", "Submission"),
        vendor_case::attach,
    )
    .files(DOCUMENT),
    Route::form(
        "/vendor/submissions/{id}/challenge-test",
        VENDORS,
        ("提出", "Submission"),
        vendor_case::challenge_test,
    ),
    Route::page(
        "/vendor/registrations/{number}",
        VENDORS,
        ("自社の登録", "Own registration"),
        vendor_case::registration,
    ),
    Route::form(
        "/vendor/registrations/{number}/give-back",
        VENDORS,
        ("自社の登録", "Own registration"),
        vendor_case::give_back,
    ),
    Route::form(
        "/vendor/registrations/{number}/answer",
        VENDORS,
        ("自社の登録", "Own registration"),
        vendor_case::answer_finding,
    ),
    Route::page(
        "/cases/{id}/documents/{document}",
        CASE,
        ("書類", "Document"),
        review::document,
    ),
    Route::page("/cases/{id}/report.json", CASE, ("試験報告", "Report"), review::report),
    Route::page(
        "/cases/{id}/bundle.junkyo",
        CASE,
        ("バンドル", "Bundle"),
        review::bundle,
    ),
    Route::page("/review", STAFF, ("審査", "Review"), review::queue),
    Route::page("/review/{id}", STAFF, ("審査", "Review"), review::case),
    Route::form("/review/{id}/remark", REVIEWERS, ("審査", "Review"), review::remark),
    Route::form("/review/{id}/ask-back", EXAMINERS, ("審査", "Review"), review::ask_back),
    Route::form(
        "/review/{id}/document",
        EXAMINERS,
        ("審査", "Review"),
        review::judge_document,
    ),
    Route::form("/review/{id}/propose", EXAMINERS, ("審査", "Review"), review::propose),
    Route::page("/decide", APPROVERS, ("承認", "Decisions"), review::decisions),
    Route::form(
        "/decide/{id}/approve",
        APPROVERS,
        ("承認", "Decisions"),
        review::approve,
    ),
    Route::form(
        "/decide/{id}/send-back",
        APPROVERS,
        ("承認", "Decisions"),
        review::send_back,
    ),
    Route::page(
        "/registrations",
        STAFF,
        ("登録の管理", "Registrations"),
        registrations::list,
    ),
    Route::page(
        "/registrations/{number}",
        STAFF,
        ("登録の管理", "Registration"),
        registrations::show,
    ),
    Route::form(
        "/registrations/{number}/recommend",
        EXAMINERS,
        ("登録の管理", "Registration"),
        registrations::recommend,
    ),
    Route::form(
        "/registrations/{number}/decide",
        APPROVERS,
        ("登録の管理", "Registration"),
        registrations::decide,
    ),
    Route::form(
        "/registrations/{number}/findings",
        EXAMINERS,
        ("登録の管理", "Registration"),
        registrations::add_finding,
    ),
    Route::form(
        "/registrations/{number}/findings/close",
        EXAMINERS,
        ("登録の管理", "Registration"),
        registrations::close_finding,
    ),
    Route::page("/admin", ADMINISTRATORS, ("管理", "Administration"), office::admin),
    Route::page("/vendors", STAFF, ("事業者", "Vendors"), office::vendors),
    Route::form(
        "/vendors/decide",
        ADMITTERS,
        ("事業者", "Vendors"),
        office::decide_vendor,
    ),
    Route::page("/waivers", OFFICE, ("例外", "Waivers"), office::waivers),
    Route::form("/waivers", EXAMINERS, ("例外", "Waivers"), office::add_waiver),
    Route::form("/waivers/decide", APPROVERS, ("例外", "Waivers"), office::decide_waiver),
    Route::page(
        "/test-challenges",
        OFFICE,
        ("試験への異議", "Challenges against tests"),
        office::test_challenges,
    ),
    Route::form(
        "/test-challenges/resolve",
        APPROVERS,
        ("試験への異議", "Challenges against tests"),
        office::resolve_test_challenge,
    ),
    Route::page("/suites", STAFF, ("試験スイート", "Suites"), office::suites),
    Route::form(
        "/suites/release",
        ADMINISTRATORS,
        ("試験スイート", "Suites"),
        office::release_suite,
    ),
    Route::form(
        "/suites/end",
        ADMINISTRATORS,
        ("試験スイート", "Suites"),
        office::end_suite,
    ),
    Route::page("/audit", AUDITORS, ("監査ログ", "Audit log"), office::audit),
];

/// A link of the navigation.
struct Item {
    path: &'static str,
    title: &'static str,
    here: bool,
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/layout.html" %}"#)]
struct Layout<'a> {
    visitor: &'a Visitor,
    title: &'a str,
    body: &'a str,
}

impl Layout<'_> {
    fn main(&self) -> Vec<Item> {
        self.items(&[
            ("/catalog", "カタログ", "Catalog"),
            ("/matrix", "相互接続", "Interconnection"),
            ("/rfp", "仕様書の確認", "RFP check"),
            ("/board", "調達情報", "Board"),
            ("/help", "読み方", "Help"),
        ])
    }

    fn own(&self) -> Vec<Item> {
        let all: &[(&'static str, &'static str, &'static str)] = &[
            ("/vendor", "製品と提出", "Products and submissions"),
            ("/vendor/submit", "バンドルを提出", "Submit"),
            ("/vendor/keys", "署名鍵", "Keys"),
            ("/review", "審査", "Review"),
            ("/decide", "承認", "Decisions"),
            ("/registrations", "登録の管理", "Registrations"),
            ("/vendors", "事業者", "Vendors"),
            ("/waivers", "例外", "Waivers"),
            ("/test-challenges", "試験への異議", "Test challenges"),
            ("/suites", "試験スイート", "Suites"),
            ("/admin/accounts", "アカウント一覧", "Accounts"),
            ("/audit", "監査ログ", "Audit log"),
            ("/rfp/lists", "保存した条項表", "Saved lists"),
            ("/account", "自分のアカウント", "Own account"),
        ];
        self.items(all)
    }

    /// Those that exist and that this visitor may open.
    fn items(&self, all: &[(&'static str, &'static str, &'static str)]) -> Vec<Item> {
        let path = self.visitor.path.as_str();
        let mut items: Vec<Item> = all
            .iter()
            .filter(|(path, ..)| {
                route::route(Verb::Get, path).is_some_and(|route| route.roles.contains(&self.visitor.actor.role))
            })
            .map(|&(own, ja, en)| Item {
                path: own,
                title: self.visitor.lang.pick(ja, en),
                here: path == own || path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')),
            })
            .collect();
        // Of several that match, only the longest is where we are.
        let longest = items.iter().filter(|item| item.here).map(|item| item.path.len()).max();
        for item in &mut items {
            item.here &= Some(item.path.len()) == longest;
        }
        items
    }
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/plain.html" %}"#)]
struct Plain<'a> {
    title: &'a str,
    body: &'a str,
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/error.html" %}"#)]
struct ErrorPage<'a> {
    visitor: &'a Visitor,
    problem: &'a Problem,
}

/// A page around a piece of HTML, with a heading.
pub fn plain(visitor: &Visitor, title: &str, body: &str) -> String {
    around(visitor, title, &render(&Plain { title, body }))
}

/// The page of a failure.
pub fn error_page(visitor: &Visitor, problem: &Problem) -> String {
    let body = render(&ErrorPage { visitor, problem });
    around(visitor, visitor.say(&problem.title), &body)
}

/// A page in the layout.
fn page(visitor: &Visitor, title: &str, body: &impl Template) -> Result<Reply, PageError> {
    let body = body.render().map_err(PageError::internal)?;
    Ok(Reply::html(around(visitor, title, &body)))
}

fn around(visitor: &Visitor, title: &str, body: &str) -> String {
    render(&Layout { visitor, title, body })
}

/// Templates of the layout only fail if writing to a string does.
fn render(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

/// Pairs of a word and its title, for lists of choices.
fn choices<T: Copy>(
    visitor: &Visitor,
    all: &[T],
    of: impl Fn(T) -> (&'static str, crate::text::Text),
) -> Vec<(String, String)> {
    all.iter()
        .map(|&one| {
            let (word, title) = of(one);
            (word.to_owned(), visitor.word(title))
        })
        .collect()
}

/// A registration number of an address.
fn number_of(params: &Params) -> Result<crate::registry::model::RegistrationNumber, PageError> {
    params.path("number").parse().map_err(|_| PageError::NotFound)
}
