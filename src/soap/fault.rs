//! Faults to be written (SOAP 1.1 clause 4.4).

use super::{ENVELOPE, escape_attribute, escape_text};

/// The four codes of SOAP 1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultCode {
    /// The message was wrong.
    Client,
    /// The message could not be processed, for no reason of its own.
    Server,
    /// A header block with `mustUnderstand="1"` was not understood.
    MustUnderstand,
    /// The namespace of the Envelope is another one.
    VersionMismatch,
}

impl FaultCode {
    /// Local name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::Server => "Server",
            Self::MustUnderstand => "MustUnderstand",
            Self::VersionMismatch => "VersionMismatch",
        }
    }
}

/// A name with its namespace and a prefix to write it with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QualifiedName {
    /// Namespace name; empty if none.
    pub namespace: String,
    /// Local name.
    pub local: String,
    /// Prefix; empty if none.
    pub prefix: String,
}

impl QualifiedName {
    /// A name.
    pub fn new(namespace: impl Into<String>, prefix: impl Into<String>, local: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            local: local.into(),
            prefix: prefix.into(),
        }
    }

    /// Whether this is the name `local` of a namespace.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }
}

/// A fault to be written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Code.
    pub code: FaultCode,
    /// A more exact code. SOAP 1.1 has one place only, so it stands in `faultcode` instead of [`Fault::code`], as
    /// WS-Addressing 1.0 SOAP Binding clause 6 has it.
    pub subcode: Option<QualifiedName>,
    /// Explanation for people.
    pub string: String,
    /// Who found the fault.
    pub actor: Option<String>,
    /// Serialized content of `detail`.
    pub detail: Option<String>,
}

impl Fault {
    /// A fault with code and explanation.
    pub fn new(code: FaultCode, string: impl Into<String>) -> Self {
        Self {
            code,
            subcode: None,
            string: string.into(),
            actor: None,
            detail: None,
        }
    }

    /// The element, for the Body of an envelope; children are unqualified (WS-I Basic Profile 1.1 R1001).
    pub fn write(&self) -> String {
        let code = match &self.subcode {
            None => format!("<faultcode>soap:{}</faultcode>", self.code.name()),
            Some(name) if name.prefix.is_empty() => format!("<faultcode>{}</faultcode>", escape_text(&name.local)),
            Some(name) => format!(
                r#"<faultcode xmlns:{prefix}="{}">{prefix}:{}</faultcode>"#,
                escape_attribute(&name.namespace),
                escape_text(&name.local),
                prefix = name.prefix
            ),
        };
        let mut text = format!(
            r#"<soap:Fault xmlns:soap="{ENVELOPE}">{code}<faultstring>{}</faultstring>"#,
            escape_text(&self.string)
        );
        if let Some(actor) = &self.actor {
            text.push_str(&format!("<faultactor>{}</faultactor>", escape_text(actor)));
        }
        if let Some(detail) = &self.detail {
            text.push_str(&format!("<detail>{detail}</detail>"));
        }
        text.push_str("</soap:Fault>");
        text
    }
}
