//! Start and end tags: attributes, namespaces, and that nothing stands twice.

use std::collections::HashSet;

use super::super::tree::{AttributeData, Binding, NONE, NamespaceId, NodeData, NodeKind, Span};
use super::super::{XML_NAMESPACE, XMLNS_NAMESPACE, XmlFault};
use super::{Open, Raw, Reader, Step, offset};

impl<'t> Reader<'t> {
    pub(super) fn start_tag(&mut self) -> Step {
        let start = self.at;
        if self.open.len() >= self.limits.depth {
            return self.stop(XmlFault::TooDeep {
                limit: self.limits.depth,
            });
        }
        self.at += 1;
        let (prefix, local) = self.qualified_name()?;
        let empty = self.attribute_list()?;
        let scope = self.scope.len();
        let bindings = self.bind()?;
        let namespace = self.namespace_of(prefix, start)?;
        let attributes = self.resolve_attributes()?;
        let tag_end = offset(self.at);
        let node = self.push(NodeData {
            kind: NodeKind::Element,
            parent: NONE,
            first_child: NONE,
            next: NONE,
            start: offset(start),
            end: tag_end,
            tag_end,
            namespace,
            prefix,
            local,
            value: Span::default(),
            attributes,
            bindings,
        })?;
        if self.open.is_empty() {
            self.built.root = node;
        }
        if empty {
            self.scope.truncate(scope);
        } else {
            self.open.push(Open {
                node,
                last_child: NONE,
                scope,
            });
        }
        Ok(())
    }

    /// Reads attributes up to the end of the tag into `raw`; tells whether the element is empty.
    fn attribute_list(&mut self) -> Step<bool> {
        self.raw.clear();
        loop {
            let spaced = self.skip_space();
            if self.looks_at("/>") {
                self.at += 2;
                return Ok(true);
            }
            match self.bytes.get(self.at) {
                Some(b'>') => {
                    self.at += 1;
                    return Ok(false);
                }
                None => return self.expected("開始タグ", "a start tag"),
                Some(_) if !spaced => {
                    return self.expected("空白、「>」または「/>」", "white space, `>` or `/>`");
                }
                Some(_) => {}
            }
            if self.raw.len() >= self.limits.attributes {
                return self.stop(XmlFault::TooManyAttributes {
                    limit: self.limits.attributes,
                });
            }
            let start = self.at;
            let (prefix, local) = self.qualified_name()?;
            self.equals()?;
            let (from, to) = self.quoted()?;
            let end = self.at;
            if let Some(at) = memchr::memchr(b'<', &self.bytes[from..to]) {
                self.at = from + at;
                return self.expected("「<」を含まない属性値", "an attribute value without `<`");
            }
            let value = self.expanded(from, to, true)?;
            self.at = end;
            self.raw.push(Raw {
                prefix,
                local,
                value,
                start: offset(start),
                end: offset(end),
            });
        }
    }

    fn slice(&self, span: Span) -> &str {
        let whole = if span.stored { &self.built.store } else { self.text };
        &whole[span.start as usize..span.end as usize]
    }

    fn plain_slice(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// Puts the namespace declarations of the tag into scope.
    fn bind(&mut self) -> Step<std::ops::Range<u32>> {
        let first = offset(self.built.bindings.len());
        for index in 0..self.raw.len() {
            let raw = &self.raw[index];
            let (prefix, local) = (self.plain_slice(raw.prefix), self.plain_slice(raw.local));
            let declared = match (prefix, local) {
                ("", "xmlns") => Span::default(),
                ("xmlns", _) => raw.local,
                _ => continue,
            };
            let name = self.slice(raw.value).to_owned();
            let word = self.plain_slice(declared);
            let allowed = match word {
                "xmlns" => false,
                "xml" => name == XML_NAMESPACE,
                "" => name != XML_NAMESPACE && name != XMLNS_NAMESPACE,
                _ => !name.is_empty() && name != XML_NAMESPACE && name != XMLNS_NAMESPACE,
            };
            let start = raw.start;
            if !allowed {
                self.at = start as usize;
                return self.stop(XmlFault::NamespaceDeclaration {
                    prefix: word.to_owned(),
                });
            }
            self.name_fits(name.len())?;
            let namespace = self.intern(name);
            self.built.bindings.push(Binding {
                prefix: declared,
                namespace,
                start,
            });
            if word != "xml" {
                if self.scope.len() >= self.limits.namespaces {
                    return self.stop(XmlFault::TooManyNamespaces {
                        limit: self.limits.namespaces,
                    });
                }
                self.scope.push((word, namespace));
            }
        }
        Ok(first..offset(self.built.bindings.len()))
    }

    fn intern(&mut self, name: String) -> NamespaceId {
        if name.is_empty() {
            return 0;
        }
        if let Some(&known) = self.known.get(&name) {
            return known;
        }
        self.built.namespaces.push(name.clone());
        let id = offset(self.built.namespaces.len());
        self.known.insert(name, id);
        id
    }

    fn namespace_of(&mut self, prefix: Span, at: usize) -> Step<NamespaceId> {
        let word = self.plain_slice(prefix);
        if word == "xml" {
            return Ok(self.intern(XML_NAMESPACE.to_owned()));
        }
        let bound = self.scope.iter().rev().find(|(known, _)| *known == word);
        match bound {
            Some((_, namespace)) => Ok(*namespace),
            None if word.is_empty() => Ok(0),
            None => {
                self.at = at;
                self.stop(XmlFault::UnboundPrefix {
                    prefix: word.to_owned(),
                })
            }
        }
    }

    fn resolve_attributes(&mut self) -> Step<std::ops::Range<u32>> {
        let first = self.built.attributes.len();
        let raw = std::mem::take(&mut self.raw);
        for raw in &raw {
            let prefix = self.plain_slice(raw.prefix);
            let declares = prefix == "xmlns" || prefix.is_empty() && self.plain_slice(raw.local) == "xmlns";
            if declares {
                continue;
            }
            let namespace = if prefix.is_empty() {
                0
            } else {
                self.namespace_of(raw.prefix, raw.start as usize)?
            };
            self.built.attributes.push(AttributeData {
                namespace,
                prefix: raw.prefix,
                local: raw.local,
                value: raw.value,
                start: raw.start,
                end: raw.end,
            });
        }
        self.no_duplicates(&raw, first)?;
        self.raw = raw;
        Ok(offset(first)..offset(self.built.attributes.len()))
    }

    /// No attribute stands twice, neither as written nor after prefixes are resolved.
    fn no_duplicates(&mut self, raw: &[Raw], first: usize) -> Step {
        if raw.len() < 2 {
            return Ok(());
        }
        let mut written = HashSet::with_capacity(raw.len());
        let twice = raw
            .iter()
            .find(|raw| !written.insert((self.plain_slice(raw.prefix), self.plain_slice(raw.local))))
            .map(|raw| (raw.start, raw.prefix, raw.local));
        let mut resolved = HashSet::new();
        let twice = twice.or_else(|| {
            self.built.attributes[first..]
                .iter()
                .find(|data| !resolved.insert((data.namespace, self.plain_slice(data.local))))
                .map(|data| (data.start, data.prefix, data.local))
        });
        let Some((start, prefix, local)) = twice else {
            return Ok(());
        };
        self.at = start as usize;
        let (prefix, local) = (self.plain_slice(prefix), self.plain_slice(local));
        let name = if prefix.is_empty() {
            local.to_owned()
        } else {
            format!("{prefix}:{local}")
        };
        self.stop(XmlFault::DuplicateAttribute { name })
    }

    pub(super) fn end_tag(&mut self) -> Step {
        let start = self.at;
        self.at += 2;
        let name = self.name()?;
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'>') {
            return self.expected("終了タグの「>」", "`>`, the end of the end tag");
        }
        self.at += 1;
        let Some(open) = self.open.pop() else {
            return self.stop(XmlFault::AfterRoot);
        };
        let close = self.plain_slice(name);
        let opened = self.tag_name(open.node);
        if opened != close {
            let fault = XmlFault::EndTag {
                open: opened.to_owned(),
                close: close.to_owned(),
            };
            self.at = start;
            return self.stop(fault);
        }
        self.scope.truncate(open.scope);
        self.built.nodes[open.node as usize].end = offset(self.at);
        Ok(())
    }

    /// Name of an element as written in its start tag.
    pub(super) fn tag_name(&self, node: u32) -> &'t str {
        let data = &self.built.nodes[node as usize];
        let start = if data.prefix.end > data.prefix.start {
            data.prefix.start
        } else {
            data.local.start
        };
        &self.text[start as usize..data.local.end as usize]
    }
}
