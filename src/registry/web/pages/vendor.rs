//! What a vendor does before a submission: products, versions, keys, challenges.

use askama::Template;

use super::form::{Form, fault, faults_of};
use super::view::Words;
use super::{choices, page};
use crate::catalog::units;
use crate::registry::Registry;
use crate::registry::model::{
    Challenge, ChallengeState, Cloud, KeyProof, KeyState, Moment, MunicipalitySize, Notice, Product, ProductFacts,
    ProductFilter, ProductId, ProductVersion, Registration, RegistrationFilter, Submission, SubmissionFilter, Vendor,
    VendorId, VendorKey, VendorState,
};
use crate::registry::service::{FieldError, ProductForm, RefusedBundle, VersionForm};
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::text::date::Day;

/// Refused bundles on the front page of a vendor.
const REFUSED: usize = 10;

/// The vendor that the visitor acts for.
pub(super) fn vendor_of(visitor: &Visitor) -> Result<&VendorId, PageError> {
    visitor.actor.vendor.as_ref().ok_or(PageError::Forbidden)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/vendor.html" %}"#)]
struct Front<'a> {
    visitor: &'a Visitor,
    owner: Vendor,
    notices: Vec<Notice>,
    products: Vec<Product>,
    has_key: bool,
    submissions: Vec<Submission>,
    registrations: Vec<Registration>,
    refused: Vec<RefusedBundle>,
    today: Day,
}

impl Front<'_> {
    fn name(&self, id: &ProductId) -> &str {
        self.products
            .iter()
            .find(|product| product.id == *id)
            .map_or("", |product| &product.name)
    }
}

pub(super) fn front(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let (actor, id) = (&visitor.actor, vendor_of(visitor)?);
    let products = registry.products(
        actor,
        &ProductFilter {
            vendor: Some(id.clone()),
            ..ProductFilter::default()
        },
    )?;
    let submissions = registry.submissions(
        actor,
        &SubmissionFilter {
            vendor: Some(id.clone()),
            ..SubmissionFilter::default()
        },
    )?;
    let registrations = registry.registrations(&RegistrationFilter {
        vendor: Some(id.clone()),
        ..RegistrationFilter::default()
    })?;
    let mut refused = registry.refused_bundles(actor, id)?;
    refused.truncate(REFUSED);
    let body = Front {
        visitor,
        owner: registry.vendor(actor, id)?,
        notices: registry
            .notices(actor)?
            .into_iter()
            .filter(|notice| !notice.read)
            .collect(),
        products,
        has_key: registry
            .keys_of(actor, id)?
            .iter()
            .any(|key| key.state == KeyState::Active),
        submissions,
        registrations,
        refused,
        today: registry.now().day(),
    };
    page(visitor, visitor.title, &body)
}

pub(super) fn read_notice(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    registry.read_notice(&visitor.actor, &params.text("id").into())?;
    Ok(Reply::see_other("/vendor"))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_product_form.html" %}"#
)]
struct NewProduct<'a> {
    visitor: &'a Visitor,
    form: Form<'a>,
    units: Vec<(String, String)>,
    clouds: Vec<(String, String)>,
    sizes: Vec<(String, String)>,
}

fn all_units(visitor: &Visitor) -> Vec<(String, String)> {
    units::all()
        .map(|unit| (unit.to_owned(), format!("{unit} {}", visitor.unit(unit))))
        .collect()
}

fn all_clouds(visitor: &Visitor) -> Vec<(String, String)> {
    choices(visitor, Cloud::ALL, |cloud| (cloud.word(), cloud.title()))
}

fn all_sizes(visitor: &Visitor) -> Vec<(String, String)> {
    choices(visitor, MunicipalitySize::ALL, |size| (size.word(), size.title()))
}

pub(super) fn new_product(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    product_form(visitor, Form::new(visitor, &[]))
}

fn product_form(visitor: &Visitor, form: Form<'_>) -> Result<Reply, PageError> {
    let status = form.status();
    let body = NewProduct {
        visitor,
        form,
        units: all_units(visitor),
        clouds: all_clouds(visitor),
        sizes: all_sizes(visitor),
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

/// A product as it was entered.
fn entered(params: &Params) -> Result<ProductForm, Vec<FieldError>> {
    let support_until = match params.form("facts.supportUntil").map(Day::parse) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => return Err(fault("facts.supportUntil", "日付として読めません。", "This is no day.")),
    };
    let text = |name: &str| params.text(name).to_owned();
    Ok(ProductForm {
        name: text("name"),
        name_kana: text("nameKana"),
        summary: text("summary"),
        units: params.forms("units").map(str::to_owned).collect(),
        facts: ProductFacts {
            clouds: params.forms("clouds").filter_map(Cloud::from_word).collect(),
            sizes: params.forms("sizes").filter_map(MunicipalitySize::from_word).collect(),
            cloud_service: text("facts.cloudService"),
            url: text("facts.url"),
            contact: text("facts.contact"),
            dmp_url: text("facts.dmpUrl"),
            accessibility_url: text("facts.accessibilityUrl"),
            support_until,
            installations: None,
        },
    })
}

pub(super) fn add_product(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let faults = match entered(params) {
        Ok(form) => match registry.add_product(&visitor.actor, &form) {
            Ok(product) => return Ok(Reply::see_other(&format!("/vendor/products/{}", product.id))),
            Err(error) => faults_of(error)?,
        },
        Err(faults) => faults,
    };
    product_form(visitor, Form::again(visitor, params.form_pairs(), faults))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_product.html" %}"#
)]
struct ProductPage<'a> {
    visitor: &'a Visitor,
    product: Product,
    versions: Vec<ProductVersion>,
    form: Form<'a>,
    adding: Form<'a>,
    units: Vec<(String, String)>,
    clouds: Vec<(String, String)>,
    sizes: Vec<(String, String)>,
}

/// The values of the form for a product.
fn values(product: &Product) -> Vec<(String, String)> {
    let facts = &product.facts;
    let mut values: Vec<(&str, String)> = vec![
        ("name", product.name.clone()),
        ("nameKana", product.name_kana.clone()),
        ("summary", product.summary.clone()),
        ("facts.cloudService", facts.cloud_service.clone()),
        ("facts.url", facts.url.clone()),
        ("facts.contact", facts.contact.clone()),
        ("facts.dmpUrl", facts.dmp_url.clone()),
        ("facts.accessibilityUrl", facts.accessibility_url.clone()),
    ];
    values.extend(facts.support_until.map(|day| ("facts.supportUntil", day.to_string())));
    values.extend(product.units.iter().map(|unit| ("units", unit.clone())));
    values.extend(facts.clouds.iter().map(|cloud| ("clouds", cloud.to_string())));
    values.extend(facts.sizes.iter().map(|size| ("sizes", size.to_string())));
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub(super) fn product(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    product_page(registry, visitor, params, None, None)
}

fn product_page(
    registry: &Registry,
    visitor: &Visitor,
    params: &Params,
    form: Option<Form<'_>>,
    adding: Option<Form<'_>>,
) -> Result<Reply, PageError> {
    let id = ProductId::from(params.path("id"));
    let product = registry.product(&visitor.actor, &id)?;
    let form = form.unwrap_or_else(|| Form::again(visitor, &values(&product), Vec::new()));
    let adding = adding.unwrap_or_else(|| Form::new(visitor, &[]));
    let status = form.status().max(adding.status());
    let title = product.name.clone();
    let body = ProductPage {
        visitor,
        versions: registry.versions(&visitor.actor, &id)?,
        product,
        form,
        adding,
        units: all_units(visitor),
        clouds: all_clouds(visitor),
        sizes: all_sizes(visitor),
    };
    page(visitor, &title, &body).map(|reply| reply.status(status))
}

pub(super) fn change_product(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = ProductId::from(params.path("id"));
    let faults = match entered(params) {
        Ok(form) => match registry.change_product(&visitor.actor, &id, &form) {
            Ok(_) => return Ok(Reply::see_other(&format!("/vendor/products/{id}"))),
            Err(error) => faults_of(error)?,
        },
        Err(faults) => faults,
    };
    let form = Form::again(visitor, params.form_pairs(), faults);
    product_page(registry, visitor, params, Some(form), None)
}

pub(super) fn add_version(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = ProductId::from(params.path("id"));
    let form = VersionForm {
        version: params.text("version").to_owned(),
        build: params.text("build").to_owned(),
        ..VersionForm::default()
    };
    match registry.add_version(&visitor.actor, &id, &form) {
        Ok(version) => Ok(Reply::see_other(&format!("/vendor/versions/{}", version.id))),
        Err(error) => {
            let form = Form::again(visitor, params.form_pairs(), faults_of(error)?);
            product_page(registry, visitor, params, None, Some(form))
        }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_version.html" %}"#
)]
struct VersionPage<'a> {
    visitor: &'a Visitor,
    product: Product,
    version: ProductVersion,
    challenges: Vec<Challenge>,
    submissions: Vec<Submission>,
    profiles: Vec<(String, String)>,
    form: Form<'a>,
}

pub(super) fn version(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    version_page(registry, visitor, params, Form::new(visitor, &[]))
}

fn version_page(registry: &Registry, visitor: &Visitor, params: &Params, form: Form<'_>) -> Result<Reply, PageError> {
    let actor = &visitor.actor;
    let version = registry.version(actor, &params.path("id").into())?;
    let product = registry.product(actor, &version.product)?;
    let profiles = registry
        .corpus()
        .profiles
        .iter()
        .map(|profile| {
            (
                profile.id.clone(),
                format!("{} {}", visitor.say(&profile.title), profile.id),
            )
        })
        .collect();
    let filter = SubmissionFilter {
        version: Some(version.id.clone()),
        ..SubmissionFilter::default()
    };
    let status = form.status();
    let title = format!("{} {}", product.name, version.version);
    let body = VersionPage {
        visitor,
        challenges: registry.challenges(actor, Some(&version.id))?,
        submissions: registry.submissions(actor, &filter)?,
        product,
        version,
        profiles,
        form,
    };
    page(visitor, &title, &body).map(|reply| reply.status(status))
}

pub(super) fn open_challenge(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let profiles: Vec<String> = params.forms("profiles").map(str::to_owned).collect();
    match registry.open_challenge(&visitor.actor, &params.path("id").into(), &profiles) {
        Ok(challenge) => Ok(Reply::see_other(&format!("/vendor/challenges/{}", challenge.id))),
        Err(error) => {
            let form = Form::again(visitor, params.form_pairs(), faults_of(error)?);
            version_page(registry, visitor, params, form)
        }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_challenge.html" %}"#
)]
struct ChallengePage<'a> {
    visitor: &'a Visitor,
    challenge: Challenge,
}

pub(super) fn challenge(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let challenge = registry.challenge(&visitor.actor, &params.path("id").into())?;
    page(visitor, visitor.title, &ChallengePage { visitor, challenge })
}

pub(super) fn challenge_file(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let challenge = registry.challenge(&visitor.actor, &params.path("id").into())?;
    Ok(Reply::file(
        challenge.file.into_bytes(),
        "application/json",
        "challenge.json",
    ))
}

pub(super) fn abandon_challenge(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let challenge = registry.abandon_challenge(&visitor.actor, &params.path("id").into())?;
    Ok(Reply::see_other(&format!("/vendor/versions/{}", challenge.version)))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_keys.html" %}"#
)]
struct KeysPage<'a> {
    visitor: &'a Visitor,
    keys: Vec<VendorKey>,
    proof: Option<KeyProof>,
    /// The proof as the second form carries it, so that a wrong signature does not need a new text.
    proof_json: String,
    form: Form<'a>,
    proving: Form<'a>,
}

fn keys_page(
    registry: &Registry,
    visitor: &Visitor,
    proof: Option<KeyProof>,
    form: Form<'_>,
    proving: Form<'_>,
) -> Result<Reply, PageError> {
    let status = form.status().max(proving.status());
    let proof_json = match &proof {
        Some(proof) => serde_json::to_string(proof).map_err(PageError::internal)?,
        None => String::new(),
    };
    let body = KeysPage {
        visitor,
        keys: registry.keys_of(&visitor.actor, vendor_of(visitor)?)?,
        proof,
        proof_json,
        form,
        proving,
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

pub(super) fn keys(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    keys_page(
        registry,
        visitor,
        None,
        Form::new(visitor, &[]),
        Form::new(visitor, &[]),
    )
}

pub(super) fn begin_key(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    match registry.begin_key(&visitor.actor, params.text("pem"), params.text("label")) {
        Ok(proof) => keys_page(
            registry,
            visitor,
            Some(proof),
            Form::new(visitor, &[]),
            Form::new(visitor, &[]),
        ),
        Err(error) => {
            let form = Form::again(visitor, params.form_pairs(), faults_of(error)?);
            keys_page(registry, visitor, None, form, Form::new(visitor, &[]))
        }
    }
}

pub(super) fn prove_key(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    match registry.register_key(&visitor.actor, params.text("key"), params.text("signature")) {
        Ok(_) => Ok(Reply::see_other("/vendor/keys")),
        Err(error) => {
            let proving = Form::again(visitor, params.form_pairs(), faults_of(error)?);
            // What stands in the field is only shown again; the register checks against its own text.
            let proof = serde_json::from_str(params.text("proof")).ok();
            keys_page(registry, visitor, proof, Form::new(visitor, &[]), proving)
        }
    }
}

pub(super) fn revoke_key(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let since = params
        .form("since")
        .and_then(|text| Day::parse(text).ok())
        .map(Moment::start_of);
    registry.revoke_key(&visitor.actor, params.text("key"), since)?;
    Ok(Reply::see_other("/vendor/keys"))
}
