//! Fields of forms: label, hint, what is wrong with the value, each tied to its input.

use std::fmt::Write;

use askama::filters::Safe;

use super::view::{Html, Words, escape};
use crate::registry::service::{FieldError, ServiceError};
use crate::registry::web::{PageError, Visitor};
use crate::text::Text;

/// A form with its values and what is wrong with them.
pub(super) struct Form<'a> {
    visitor: &'a Visitor,
    values: Vec<(String, String)>,
    faults: Vec<FieldError>,
}

/// Name and words of a field.
type Label<'a> = (&'a str, &'a str, &'a str);

impl<'a> Form<'a> {
    /// A form with these values.
    pub(super) fn new(visitor: &'a Visitor, values: &[(&str, &str)]) -> Self {
        Self {
            visitor,
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            faults: Vec::new(),
        }
    }

    /// A form as it was sent, with what is wrong with it.
    pub(super) fn again(visitor: &'a Visitor, values: &[(String, String)], faults: Vec<FieldError>) -> Self {
        Self {
            visitor,
            values: values.to_vec(),
            faults,
        }
    }

    /// Status of the answer.
    pub(super) fn status(&self) -> u16 {
        if self.faults.is_empty() { 200 } else { 422 }
    }

    /// What is wrong, each line a link to its field.
    fn summary(&self) -> Html {
        if self.faults.is_empty() {
            return Safe(String::new());
        }
        let mut items = String::new();
        for fault in &self.faults {
            let text = escape(self.visitor.say(&fault.text));
            let item = if fault.field.is_empty() {
                text
            } else {
                format!("<a href=\"#f-{}\">{text}</a>", escape(&fault.field))
            };
            let _ = write!(items, "<li>{item}</li>");
        }
        Safe(format!(
            "<div class=\"error\" role=\"alert\"><p>{}</p><ul>{items}</ul></div>",
            self.visitor
                .t("入力内容を確認してください。", "Please check what you entered.")
        ))
    }

    fn value(&self, name: &str) -> &str {
        self.values
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(key, own)| key == name && own == value)
    }

    fn fault(&self, name: &str) -> Option<&FieldError> {
        self.faults.iter().find(|fault| fault.field == name)
    }

    /// Hint and fault of a field, and the attribute that ties them to the input.
    fn notes(&self, name: &str, hint: &str) -> (String, String) {
        let mut notes = String::new();
        let mut ids = Vec::new();
        if !hint.is_empty() {
            let _ = write!(notes, "<span class=\"hint\" id=\"h-{name}\">{}</span>", escape(hint));
            ids.push(format!("h-{name}"));
        }
        if let Some(fault) = self.fault(name) {
            let text = escape(self.visitor.say(&fault.text));
            let _ = write!(notes, "<span class=\"wrong\" id=\"e-{name}\">{text}</span>");
            ids.push(format!("e-{name}"));
        }
        let mut attributes = String::new();
        if !ids.is_empty() {
            let _ = write!(attributes, " aria-describedby=\"{}\"", ids.join(" "));
        }
        if self.fault(name).is_some() {
            attributes.push_str(" aria-invalid=\"true\"");
        }
        (notes, attributes)
    }

    fn label(&self, &(name, ja, en): &Label<'_>, attributes: &str) -> String {
        let must = if attributes.split(' ').any(|word| word == "required") {
            format!("<span class=\"must\">{}</span>", self.visitor.t("必須", "required"))
        } else {
            String::new()
        };
        format!(
            "<label for=\"f-{name}\">{}{must}</label>",
            escape(self.visitor.t(ja, en))
        )
    }

    /// A line of text; `attributes` are those of the input, such as `required type="date"`.
    pub(super) fn input(&self, label: &Label<'_>, hint: &(&str, &str), attributes: &str) -> Html {
        let name = label.0;
        let (notes, own) = self.notes(name, self.visitor.t(hint.0, hint.1));
        Safe(format!(
            "<div class=\"field\">{}{notes}<input id=\"f-{name}\" name=\"{name}\" value=\"{}\" {attributes}{own}></div>",
            self.label(label, attributes),
            escape(self.value(name)),
        ))
    }

    /// Several lines of text.
    pub(super) fn area(&self, label: &Label<'_>, hint: &(&str, &str), attributes: &str) -> Html {
        let name = label.0;
        let (notes, own) = self.notes(name, self.visitor.t(hint.0, hint.1));
        Safe(format!(
            "<div class=\"field\">{}{notes}<textarea id=\"f-{name}\" name=\"{name}\" {attributes}{own}>{}</textarea></div>",
            self.label(label, attributes),
            escape(self.value(name)),
        ))
    }

    /// One of several values.
    pub(super) fn select(&self, label: &Label<'_>, hint: &(&str, &str), options: &[(String, String)]) -> Html {
        let name = label.0;
        let (notes, own) = self.notes(name, self.visitor.t(hint.0, hint.1));
        let mut list = String::new();
        for (value, word) in options {
            let selected = if self.value(name) == value { " selected" } else { "" };
            let _ = write!(
                list,
                "<option value=\"{}\"{selected}>{}</option>",
                escape(value),
                escape(word)
            );
        }
        Safe(format!(
            "<div class=\"field\">{}{notes}<select id=\"f-{name}\" name=\"{name}\"{own}>{list}</select></div>",
            self.label(label, ""),
        ))
    }

    /// Any of several values.
    pub(super) fn checks(&self, label: &Label<'_>, hint: &(&str, &str), options: &[(String, String)]) -> Html {
        let &(name, ja, en) = label;
        let (notes, own) = self.notes(name, self.visitor.t(hint.0, hint.1));
        let own = own.replace(" aria-invalid=\"true\"", "");
        let mut list = String::new();
        for (value, word) in options {
            let checked = if self.has(name, value) { " checked" } else { "" };
            let value = escape(value);
            let _ = write!(
                list,
                "<label><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"{checked}> <span>{}</span></label>",
                escape(word)
            );
        }
        Safe(format!(
            "<fieldset class=\"field\" id=\"f-{name}\" tabindex=\"-1\"{own}><legend>{}</legend>{notes}<div class=\"options\">{list}</div></fieldset>",
            escape(self.visitor.t(ja, en)),
        ))
    }

    /// A file.
    pub(super) fn file(&self, label: &Label<'_>, hint: &(&str, &str), attributes: &str) -> Html {
        let name = label.0;
        let (notes, own) = self.notes(name, self.visitor.t(hint.0, hint.1));
        Safe(format!(
            "<div class=\"field\">{}{notes}<input id=\"f-{name}\" name=\"{name}\" type=\"file\" {attributes}{own}></div>",
            self.label(label, attributes),
        ))
    }

    /// Summary of faults and the hidden fields.
    pub(super) fn begin(&self) -> Html {
        Safe(format!("{}{}", self.summary().0, self.visitor.token().0))
    }
}

/// What a form can show of an error; anything else is a page of its own.
pub(super) fn faults_of(error: ServiceError) -> Result<Vec<FieldError>, PageError> {
    match error {
        ServiceError::Invalid(faults) => Ok(faults),
        ServiceError::Conflict(text) => Ok(vec![FieldError::new("", text)]),
        other => Err(other.into()),
    }
}

/// A fault of one field.
pub(super) fn fault(field: &str, ja: &str, en: &str) -> Vec<FieldError> {
    vec![FieldError::new(field, Text::new(ja, en))]
}
