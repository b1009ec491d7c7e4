//! Writing the Security header.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::crypto::sign::SigningKey;
use bergshamra::keys::loader::load_pem_auto;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::canonical::Canonical;
use super::certificate::{CertificateFacts, KeyKind, certificates_of_pem};
use super::timestamp::write_time;
use super::{
    BASE64, DigestAlgorithm, EXCLUSIVE, EXTENSION, SIGNATURE, SignatureAlgorithm, UTILITY, UsernameToken, X509_V3,
};
use crate::soap::{Message, NotSoap, addressing};
use crate::xml::{Document, Element, Limits, XmlError, parse};

/// Why a message could not be secured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecurityError {
    /// The text is no XML.
    #[error("the envelope cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// The text is no SOAP message.
    #[error("the envelope cannot be read: {0}")]
    NotSoap(#[from] NotSoap),
    /// There is a Security header already.
    #[error("line {line}: the envelope has a wsse:Security header already")]
    AlreadySecured {
        /// Its line.
        line: u32,
    },
    /// A key or certificate cannot be used.
    #[error("the {what} cannot be used: {detail}")]
    Key {
        /// `key` or `certificate`.
        what: &'static str,
        /// The reason.
        detail: String,
    },
    /// A time that cannot be written.
    #[error("the time {0} cannot be written as xs:dateTime")]
    Time(OffsetDateTime),
    /// Canonical form, digest or signature could not be computed.
    #[error("the signature cannot be computed: {0}")]
    Compute(String),
}

/// How a signature names its certificate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenReference {
    /// A BinarySecurityToken in the header, and a direct reference to it.
    #[default]
    Direct,
    /// The certificate in KeyInfo.
    Embedded,
    /// Not at all.
    Absent,
}

/// What a Security header is to hold.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// Sign the Body.
    pub sign_body: bool,
    /// Sign the Timestamp, if there is one.
    pub sign_timestamp: bool,
    /// Sign the header blocks of WS-Addressing.
    pub sign_headers: bool,
    /// Sign the BinarySecurityToken, if there is one.
    pub sign_token: bool,
    /// `Created`; without it there is no Timestamp.
    pub created: Option<OffsetDateTime>,
    /// `Expires`.
    pub expires: Option<OffsetDateTime>,
    /// How the certificate is named.
    pub token: TokenReference,
    /// Signature algorithm; without one SHA-256 with the kind of key.
    pub algorithm: Option<SignatureAlgorithm>,
    /// Digest algorithm.
    pub digest: DigestAlgorithm,
    /// A UsernameToken beside the signature.
    pub username: Option<UsernameToken>,
    /// Mark the header `mustUnderstand="1"`.
    pub must_understand: bool,
}

impl SignOptions {
    /// Body, Timestamp and token signed, valid for five minutes.
    pub fn new(created: OffsetDateTime) -> Self {
        Self {
            sign_body: true,
            sign_timestamp: true,
            sign_headers: false,
            sign_token: true,
            created: Some(created),
            expires: Some(created + Duration::minutes(5)),
            token: TokenReference::default(),
            algorithm: None,
            digest: DigestAlgorithm::default(),
            username: None,
            must_understand: true,
        }
    }
}

/// A key with its certificate.
pub struct Signer {
    key: SigningKey,
    certificate: CertificateFacts,
}

impl Signer {
    /// Reads certificate and key from PEM texts; the certificate of the key is the first one.
    ///
    /// # Errors
    /// When one of them is no RSA or P-256 key or certificate.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, SecurityError> {
        let broken = |what| move |detail: String| SecurityError::Key { what, detail };
        let der = certificates_of_pem(certificate)
            .map_err(broken("certificate"))?
            .swap_remove(0);
        let certificate = CertificateFacts::read(&der).map_err(broken("certificate"))?;
        let key = load_pem_auto(key.as_bytes(), None).map_err(|error| broken("key")(error.to_string()))?;
        if !key.has_private_key() {
            return Err(broken("key")("it is a public key".into()));
        }
        let key = key
            .software_key()
            .map_err(|error| broken("key")(error.to_string()))?
            .ok_or_else(|| broken("key")("it cannot sign".into()))?;
        Ok(Self { key, certificate })
    }

    /// The certificate.
    pub fn certificate(&self) -> &CertificateFacts {
        &self.certificate
    }

    /// Puts a signed Security header into an envelope.
    ///
    /// # Errors
    /// When the envelope cannot be read, has such a header already, or the signature cannot be computed.
    pub fn sign(&self, envelope: &str, options: &SignOptions) -> Result<String, SecurityError> {
        let draft = Draft::new(envelope, options, Some(self))?;
        draft.signed(self, options)
    }

    fn algorithm(&self, options: &SignOptions) -> SignatureAlgorithm {
        options.algorithm.unwrap_or(match self.certificate.key {
            KeyKind::P256 => SignatureAlgorithm::EcdsaSha256,
            KeyKind::Rsa { .. } | KeyKind::Other => SignatureAlgorithm::RsaSha256,
        })
    }
}

/// Puts a Security header without a signature into an envelope: Timestamp and UsernameToken.
///
/// # Errors
/// When the envelope cannot be read or has such a header already.
pub fn secure(envelope: &str, options: &SignOptions) -> Result<String, SecurityError> {
    Ok(Draft::new(envelope, options, None)?.text)
}

/// An envelope with its Security header but without the signature.
struct Draft {
    text: String,
    /// Ids of what is to be signed.
    targets: Vec<String>,
    /// Id of the BinarySecurityToken.
    token: Option<String>,
}

impl Draft {
    fn new(envelope: &str, options: &SignOptions, signer: Option<&Signer>) -> Result<Self, SecurityError> {
        let document = parse(envelope, &Limits::default())?;
        let message = Message::read(&document)?;
        if let Some(block) = message.blocks_named(EXTENSION, "Security").next() {
            let line = block.element.position().line;
            return Err(SecurityError::AlreadySecured { line });
        }
        let names = Names { text: envelope };
        let mut edits = Edits::default();
        let mut targets = Vec::new();
        if options.sign_body && signer.is_some() {
            targets.push(edits.identify(message.body, &names.fresh("body")));
        }
        if options.sign_headers && signer.is_some() {
            for (number, block) in message.blocks.iter().enumerate() {
                if block.element.namespace() == addressing::NAMESPACE {
                    targets.push(edits.identify(block.element, &names.fresh(&format!("header-{number}"))));
                }
            }
        }
        let mut content = String::new();
        let token = signer
            .filter(|_| options.token == TokenReference::Direct)
            .map(|signer| {
                let id = names.fresh("token");
                content.push_str(&binary_token(&signer.certificate.der, &id));
                id
            });
        targets.extend(token.clone().filter(|_| options.sign_token));
        if let Some(created) = options.created {
            let id = names.fresh("timestamp");
            content.push_str(&timestamp(created, options.expires, &id)?);
            targets.extend(Some(id).filter(|_| options.sign_timestamp));
        }
        content.extend(options.username.as_ref().map(UsernameToken::write));
        edits.header(&message, &security_header(&message, options, &content));
        Ok(Self {
            text: edits.apply(document.text()),
            targets,
            token,
        })
    }

    fn signed(self, signer: &Signer, options: &SignOptions) -> Result<String, SecurityError> {
        let document = parse(&self.text, &Limits::default())?;
        let references = self.references(&document, options)?;
        let end = header_end(&document)?;
        let algorithm = signer.algorithm(options);
        let info = format!(
            "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
             <ds:SignatureMethod Algorithm=\"{}\"/>{references}</ds:SignedInfo>",
            algorithm.uri()
        );
        let key_info = self.key_info(signer, options);
        let with_value = |value: &str| {
            let signature = format!(
                "<ds:Signature xmlns:ds=\"{SIGNATURE}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>{key_info}\
                 </ds:Signature>"
            );
            let (before, after) = self.text.split_at(end);
            format!("{before}{signature}{after}")
        };
        let octets = signed_info(&parse(&with_value(""), &Limits::default())?)?;
        let value = bergshamra::crypto::sign::from_uri(algorithm.uri())
            .and_then(|method| method.sign(&signer.key, &octets))
            .map_err(|error| SecurityError::Compute(error.to_string()))?;
        Ok(with_value(&STANDARD.encode(value)))
    }

    fn references(&self, document: &Document, options: &SignOptions) -> Result<String, SecurityError> {
        let canonical = Canonical::new(document).map_err(SecurityError::Compute)?;
        self.targets
            .iter()
            .map(|id| {
                let octets = document
                    .elements()
                    .find(|element| element.attribute(UTILITY, "Id") == Some(id))
                    .ok_or_else(|| SecurityError::Compute(format!("the element `{id}` is gone")))
                    .and_then(|element| canonical.exclusive(element, &[]).map_err(SecurityError::Compute))?;
                let digest = options.digest.digest(&octets).map_err(SecurityError::Compute)?;
                Ok(format!(
                    "<ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{EXCLUSIVE}\"/>\
                     </ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/><ds:DigestValue>{}</ds:DigestValue>\
                     </ds:Reference>",
                    options.digest.uri(),
                    STANDARD.encode(digest)
                ))
            })
            .collect()
    }

    fn key_info(&self, signer: &Signer, options: &SignOptions) -> String {
        match (options.token, &self.token) {
            (TokenReference::Direct, Some(id)) => format!(
                "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#{id}\" ValueType=\"{X509_V3}\"/>\
                 </wsse:SecurityTokenReference></ds:KeyInfo>"
            ),
            (TokenReference::Embedded, _) => format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                STANDARD.encode(&signer.certificate.der)
            ),
            _ => String::new(),
        }
    }
}

/// Our Security header.
fn security_of(document: &Document) -> Result<Element<'_>, SecurityError> {
    Message::read(document)?
        .blocks_named(EXTENSION, "Security")
        .next()
        .map(|block| block.element)
        .ok_or_else(|| SecurityError::Compute("the Security header is gone".into()))
}

/// Where its end tag begins.
fn header_end(document: &Document) -> Result<usize, SecurityError> {
    Ok(security_of(document)?.range().end - "</wsse:Security>".len())
}

/// Canonical octets of the SignedInfo of our signature.
fn signed_info(document: &Document) -> Result<Vec<u8>, SecurityError> {
    let info = security_of(document)?
        .child(SIGNATURE, "Signature")
        .and_then(|signature| signature.child(SIGNATURE, "SignedInfo"))
        .ok_or_else(|| SecurityError::Compute("the signature is gone".into()))?;
    Canonical::new(document)
        .and_then(|canonical| canonical.exclusive(info, &[]))
        .map_err(SecurityError::Compute)
}

fn binary_token(certificate: &[u8], id: &str) -> String {
    format!(
        r#"<wsse:BinarySecurityToken wsu:Id="{id}" ValueType="{X509_V3}" EncodingType="{BASE64}">{}</wsse:BinarySecurityToken>"#,
        STANDARD.encode(certificate)
    )
}

fn timestamp(created: OffsetDateTime, expires: Option<OffsetDateTime>, id: &str) -> Result<String, SecurityError> {
    let write = |time| write_time(time).ok_or(SecurityError::Time(time));
    let mut text = format!(
        r#"<wsu:Timestamp wsu:Id="{id}"><wsu:Created>{}</wsu:Created>"#,
        write(created)?
    );
    if let Some(expires) = expires {
        text.push_str(&format!("<wsu:Expires>{}</wsu:Expires>", write(expires)?));
    }
    text.push_str("</wsu:Timestamp>");
    Ok(text)
}

fn security_header(message: &Message<'_>, options: &SignOptions, content: &str) -> String {
    let namespace = message.version.namespace();
    let mark = if options.must_understand {
        format!(r#" xmlns:wss-soap="{namespace}" wss-soap:mustUnderstand="1""#)
    } else {
        String::new()
    };
    format!(r#"<wsse:Security xmlns:wsse="{EXTENSION}" xmlns:wsu="{UTILITY}"{mark}>{content}</wsse:Security>"#)
}

/// Ids that the envelope does not have yet.
struct Names<'t> {
    text: &'t str,
}

impl Names<'_> {
    fn fresh(&self, stem: &str) -> String {
        let plain = format!("id-{stem}");
        (0_u32..)
            .map(|number| {
                if number == 0 {
                    plain.clone()
                } else {
                    format!("{plain}-{number}")
                }
            })
            .find(|id| !self.text.contains(&format!("{id}\"")) && !self.text.contains(&format!("{id}'")))
            .unwrap_or(plain)
    }
}

/// Replacements of parts of a text, most of them of nothing.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Gives an element a `wsu:Id`, unless it has one.
    fn identify(&mut self, element: Element<'_>, id: &str) -> String {
        if let Some(known) = element.attribute(UTILITY, "Id") {
            return known.to_owned();
        }
        let attribute = match element.resolve("wsu") {
            Some(UTILITY) => format!(r#" wsu:Id="{id}""#),
            Some(_) => format!(r#" xmlns:wss-id="{UTILITY}" wss-id:Id="{id}""#),
            None => format!(r#" xmlns:wsu="{UTILITY}" wsu:Id="{id}""#),
        };
        let end = name_end(element);
        self.0.push((end..end, attribute));
        id.to_owned()
    }

    /// Puts a block first into the Header, which is made if there is none.
    fn header(&mut self, message: &Message<'_>, block: &str) {
        let prefix = match message.envelope.prefix() {
            "" => String::new(),
            prefix => format!("{prefix}:"),
        };
        let Some(header) = message.header else {
            let start = message.body.range().start;
            self.0
                .push((start..start, format!("<{prefix}Header>{block}</{prefix}Header>")));
            return;
        };
        let tag = header.tag_range();
        if tag.end < header.range().end {
            self.0.push((tag.end..tag.end, block.to_owned()));
            return;
        }
        // `<soap:Header/>` is opened.
        let name = &header.document().text()[tag.start + 1..name_end(header)];
        self.0.push((tag.end - 2..tag.end, format!(">{block}</{name}>")));
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(place, _)| place.start);
        let mut edited = String::with_capacity(text.len() + 4096);
        let mut done = 0;
        for (place, replacement) in self.0 {
            edited.push_str(&text[done..place.start]);
            edited.push_str(&replacement);
            done = place.end;
        }
        edited.push_str(&text[done..]);
        edited
    }
}

/// Where the name in a start tag ends.
fn name_end(element: Element<'_>) -> usize {
    let prefix = element.prefix();
    let colon = usize::from(!prefix.is_empty());
    element.range().start + 1 + prefix.len() + colon + element.local().len()
}
