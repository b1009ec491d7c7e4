//! Products, their versions and their facts.

use serde_json::json;

use super::act::{Done, Faults, may_read, own, vendor_of};
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::vendors::admitted;
use super::{ProductForm, ServiceError, VersionForm};
use crate::attest::Digest;
use crate::attest::statement;
use crate::registry::Registry;
use crate::registry::model::{
    Actor, Product, ProductFacts, ProductFilter, ProductId, ProductVersion, Role, Vendor, VersionId,
};
use crate::registry::store::{Tx, Value, fresh_id, values};

stored! {
    Product, "product", "created, id", |it| it.id, {
        "vendor": it.vendor.as_str(),
        "name": &it.name,
        "created": it.created.0,
    };
    ProductVersion, "product_version", "created DESC, id DESC", |it| it.id, {
        "product": it.product.as_str(),
        "vendor": it.vendor.as_str(),
        "digest": it.digest,
        "created": it.created.0,
    };
}

impl Registry {
    /// Adds a product of the actor's vendor.
    ///
    /// # Errors
    /// `Forbidden`, `Invalid`; `Conflict` if the vendor is not admitted or has a product of this name.
    pub fn add_product(&self, actor: &Actor, form: &ProductForm) -> Done<Product> {
        let vendor = vendor_of(actor)?;
        self.checked(form)?;
        let id = ProductId::from(fresh_id(ProductId::PREFIX));
        self.act(actor, |act| {
            admitted(act.tx, vendor)?;
            let name = form.name.trim();
            unused_name(act.tx, vendor.as_str(), name)?;
            let product = filled(
                Product {
                    id: id.clone(),
                    vendor: vendor.clone(),
                    name: String::new(),
                    name_kana: String::new(),
                    summary: String::new(),
                    units: Vec::new(),
                    facts: ProductFacts::default(),
                    created: act.now,
                },
                form,
            );
            insert(act.tx, &product)?;
            act.audit("product.add", id.as_str(), &json!({"name": product.name}))?;
            Ok(product)
        })
    }

    /// Changes what is said of a product. Its name stays once it has a version: it is in signed documents.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`, `Conflict`.
    pub fn change_product(&self, actor: &Actor, id: &ProductId, form: &ProductForm) -> Done<Product> {
        vendor_of(actor)?;
        self.checked(form)?;
        self.act(actor, |act| {
            let before: Product = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &before.vendor)?;
            if before.name != form.name.trim() {
                let versions: Vec<ProductVersion> = list(act.tx, "product = ?1", &values![id.as_str()])?;
                if !versions.is_empty() {
                    return Err(ServiceError::field(
                        "name",
                        "バージョンを登録した後は製品名を変更できません。別の製品として追加してください。",
                        "The name cannot be changed once there is a version. Add another product.",
                    ));
                }
                unused_name(act.tx, before.vendor.as_str(), form.name.trim())?;
            }
            let product = filled(before.clone(), form);
            update(act.tx, &product)?;
            act.audit(
                "product.change",
                id.as_str(),
                &json!({"before": before, "after": product}),
            )?;
            Ok(product)
        })
    }

    /// Products: a vendor sees its own, staff all.
    ///
    /// # Errors
    /// `Forbidden` for others: what is published is in the catalog.
    pub fn products(&self, actor: &Actor, filter: &ProductFilter) -> Done<Vec<Product>> {
        let mut conditions = Conditions::default();
        conditions.equal("vendor", filter.vendor.as_ref().map(|id| id.as_str()));
        match actor.role {
            Role::Vendor => {
                conditions.equal("vendor", Some(vendor_of(actor)?.as_str()));
            }
            _ if actor.is_staff() => {}
            _ => return Err(ServiceError::Forbidden),
        }
        let mut products: Vec<Product> = self.store().read(|tx| conditions.list(tx))?;
        if let Some(unit) = &filter.unit {
            products.retain(|product| product.units.contains(unit));
        }
        Ok(products)
    }

    /// One product.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn product(&self, actor: &Actor, id: &ProductId) -> Done<Product> {
        self.store().read(|tx| {
            let product: Product = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            may_read(actor, &product.vendor)?;
            Ok(product)
        })
    }

    /// Adds a version. Vendor name, 法人番号, product name and version make its descriptor, whose digest is the subject of
    /// report and decision; the target file has to say the same.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` if there is this version.
    pub fn add_version(&self, actor: &Actor, product: &ProductId, form: &VersionForm) -> Done<ProductVersion> {
        vendor_of(actor)?;
        checked_version(form)?;
        let id = VersionId::from(fresh_id(VersionId::PREFIX));
        self.act(actor, |act| {
            let product: Product = find(act.tx, product.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &product.vendor)?;
            let vendor = admitted(act.tx, &product.vendor)?;
            let descriptor = descriptor(&vendor, &product.name, &form.version)?;
            let digest = Digest::of(descriptor.as_bytes());
            if version_with(act.tx, &digest)?.is_some() {
                return Err(ServiceError::field(
                    "version",
                    "このバージョンはすでに登録されています。",
                    "There is this version already.",
                ));
            }
            let version = ProductVersion {
                id: id.clone(),
                product: product.id.clone(),
                vendor: product.vendor.clone(),
                version: form.version.trim().to_owned(),
                build: form.build.trim().to_owned(),
                artifacts: form.artifacts.clone(),
                configuration: form.configuration,
                descriptor,
                digest,
                created: act.now,
            };
            insert(act.tx, &version)?;
            act.audit(
                "version.add",
                id.as_str(),
                &json!({"version": version.version, "digest": digest}),
            )?;
            Ok(version)
        })
    }

    /// Versions of a product, newest first.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn versions(&self, actor: &Actor, product: &ProductId) -> Done<Vec<ProductVersion>> {
        self.product(actor, product)?;
        self.store()
            .read(|tx| Ok(list(tx, "product = ?1", &values![product.as_str()])?))
    }

    /// One version.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn version(&self, actor: &Actor, id: &VersionId) -> Done<ProductVersion> {
        self.store().read(|tx| {
            let version: ProductVersion = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            may_read(actor, &version.vendor)?;
            Ok(version)
        })
    }

    fn checked(&self, form: &ProductForm) -> Done<()> {
        let mut faults = Faults::default();
        faults.text("name", &form.name, 200);
        faults.optional("nameKana", &form.name_kana, 200);
        faults.optional("summary", &form.summary, 2000);
        for unit in &form.units {
            if !self
                .corpus()
                .units
                .iter()
                .any(|known| format!("{:02}", known.file.number) == *unit)
            {
                faults.add(
                    "units",
                    format!("「{unit}」という業務ユニットはありません（01〜26の2桁）。"),
                    format!("There is no business unit `{unit}` (two digits, 01 to 26)."),
                );
            }
        }
        let facts = &form.facts;
        for (field, value) in [
            ("facts.url", &facts.url),
            ("facts.dmpUrl", &facts.dmp_url),
            ("facts.accessibilityUrl", &facts.accessibility_url),
        ] {
            faults.url(field, value);
        }
        faults.optional("facts.contact", &facts.contact, 200);
        faults.optional("facts.cloudService", &facts.cloud_service, 200);
        faults.done()
    }
}

/// The version whose descriptor has a digest.
pub(super) fn version_with(tx: &mut dyn Tx, digest: &Digest) -> Done<Option<ProductVersion>> {
    Ok(list(tx, "digest = ?1", &values![digest])?.into_iter().next())
}

fn unused_name(tx: &mut dyn Tx, vendor: &str, name: &str) -> Done<()> {
    let same: Vec<Product> = list(tx, "vendor = ?1 AND name = ?2", &values![vendor, name])?;
    if same.is_empty() {
        return Ok(());
    }
    Err(ServiceError::field(
        "name",
        "この名前の製品はすでにあります。新しいバージョンとして追加してください。",
        "There is a product of this name already. Add a version of it.",
    ))
}

fn filled(product: Product, form: &ProductForm) -> Product {
    let mut units = form.units.clone();
    units.sort();
    units.dedup();
    Product {
        name: form.name.trim().to_owned(),
        name_kana: form.name_kana.trim().to_owned(),
        summary: form.summary.trim().to_owned(),
        units,
        facts: form.facts.clone(),
        ..product
    }
}

/// The product descriptor (2.3): what a target file says of a product as well.
fn descriptor(vendor: &Vendor, name: &str, version: &str) -> Done<String> {
    let product = statement::Product::new(&vendor.name, Some(&vendor.corporate_number), name, version);
    let bytes = product
        .to_bytes()
        .map_err(|error| ServiceError::internal("descriptor", error))?;
    String::from_utf8(bytes).map_err(|error| ServiceError::internal("descriptor", error))
}

fn checked_version(form: &VersionForm) -> Done<()> {
    let mut faults = Faults::default();
    faults.text("version", &form.version, 100);
    faults.optional("build", &form.build, 100);
    if form.artifacts.len() > 200 {
        faults.add(
            "artifacts",
            "200件以内で入力してください。",
            "At most 200 are possible.",
        );
    }
    for artifact in &form.artifacts {
        faults.text("artifacts", &artifact.name, 300);
    }
    faults.done()
}
