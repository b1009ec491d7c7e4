//! What the reader accepts, refuses and survives.

use super::*;

fn read(bytes: &[u8]) -> Result<Document, XmlError> {
    parse_bytes(bytes, None, &Limits::default())
}

#[track_caller]
fn fault(text: &str) -> XmlFault {
    read(text.as_bytes()).map(|_| ()).expect_err(text).fault
}

/// Line and column of the fault.
#[track_caller]
fn place(text: &str) -> (u32, u32) {
    let at = read(text.as_bytes()).map(|_| ()).expect_err(text).at;
    (at.line, at.column)
}

#[test]
fn well_formed_documents_are_read() {
    let documents = [
        "<a/>",
        "<a></a >",
        "\u{FEFF}<a/>",
        "<?xml version=\"1.0\"?><a/>",
        "<?xml version = '1.0' encoding='UTF-8' standalone=\"yes\" ?>\n<a/>\n",
        "<?xml version='1.1'?><a/>",
        "<!-- c --><?p?><a/><?q r?><!---->",
        "<!-->--><a/>",
        "<架空 属性='値'>本文</架空>",
        "<a>\u{20BB7}\u{85}\u{7F}</a>",
        "<a b='&lt;&gt;&amp;&quot;&apos;&#x20BB7;&#10;'>]] ]&gt; > ' \"</a>",
        "<a><![CDATA[<b>]]]]><![CDATA[>&amp;]]></a>",
        "<a xmlns='urn:x' xmlns:p='urn:p'><p:b p:c='1' c='2'/><d xmlns=''/></a>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='ja'/>",
        "<a b\n=\t'1'\r\nc='2'/>",
    ];
    for document in documents {
        assert!(
            read(document.as_bytes()).is_ok(),
            "{document}: {:?}",
            read(document.as_bytes()).err()
        );
    }
}

#[test]
fn every_fault_is_found() {
    use XmlFault as F;
    let name = |text: &str| text.to_owned();
    assert_eq!(fault(""), F::Empty);
    assert_eq!(fault("\u{FEFF}"), F::Empty);
    assert_eq!(fault(" \n"), F::NoRoot);
    assert_eq!(fault("<?p?><!-- c -->"), F::NoRoot);
    assert_eq!(fault("<a>\u{1}</a>"), F::Character { code: 1 });
    assert_eq!(fault("<a>\0</a>"), F::Character { code: 0 });
    assert_eq!(fault("<a>\u{FFFF}</a>"), F::Character { code: 0xFFFF });
    assert_eq!(fault("<!-- \u{FFFE} --><a/>"), F::Character { code: 0xFFFE });
    for (reference, code) in [
        ("&#0;", 0),
        ("&#xFFFE;", 0xFFFE),
        ("&#xD800;", 0xD800),
        ("&#x110000;", 0x11_0000),
    ] {
        assert_eq!(fault(&format!("<a>{reference}</a>")), F::Character { code });
    }
    assert_eq!(fault("<a>&#99999999999;</a>"), F::Character { code: u32::MAX });
    assert_eq!(fault("<a>&nbsp;</a>"), F::Entity { name: name("nbsp") });
    assert_eq!(fault("<a b='&x;'/>"), F::Entity { name: name("x") });
    assert_eq!(
        fault("<a></b>"),
        F::EndTag {
            open: name("a"),
            close: name("b")
        }
    );
    assert_eq!(
        fault("<p:a xmlns:p='u' xmlns:q='u'></q:a>"),
        F::EndTag {
            open: name("p:a"),
            close: name("q:a")
        }
    );
    assert_eq!(fault("<a><b></b>"), F::Unclosed { name: name("a") });
    assert_eq!(fault("<a b='1' b='2'/>"), F::DuplicateAttribute { name: name("b") });
    assert_eq!(
        fault("<a xmlns='u' xmlns='v'/>"),
        F::DuplicateAttribute { name: name("xmlns") }
    );
    let twice = "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>";
    assert_eq!(fault(twice), F::DuplicateAttribute { name: name("q:b") });
    assert_eq!(fault("<p:a/>"), F::UnboundPrefix { prefix: name("p") });
    assert_eq!(fault("<a p:b='1'/>"), F::UnboundPrefix { prefix: name("p") });
    assert_eq!(
        fault("<a><b xmlns:p='u'/><p:c/></a>"),
        F::UnboundPrefix { prefix: name("p") }
    );
    assert_eq!(fault("<xmlns:a/>"), F::UnboundPrefix { prefix: name("xmlns") });
    let declarations = [
        ("xmlns:p=''", "p"),
        ("xmlns:xmlns='u'", "xmlns"),
        ("xmlns:xml='u'", "xml"),
        ("xmlns:p='http://www.w3.org/XML/1998/namespace'", "p"),
        ("xmlns='http://www.w3.org/2000/xmlns/'", ""),
        ("xmlns='http://www.w3.org/XML/1998/namespace'", ""),
    ];
    for (declaration, prefix) in declarations {
        let expected = F::NamespaceDeclaration { prefix: name(prefix) };
        assert_eq!(fault(&format!("<a {declaration}/>")), expected, "{declaration}");
    }
    assert_eq!(fault("<a/><b/>"), F::AfterRoot);
    assert_eq!(fault("<a/>x"), F::AfterRoot);
    assert_eq!(fault("<a/>&#32;"), F::AfterRoot);
    assert_eq!(fault("<!DOCTYPE a><a/>"), F::Doctype);
    let unknown = read(b"<?xml version='1.0' encoding='EBCDIC-JP-kana'?><a/>").expect_err("unknown");
    assert_eq!(
        unknown.fault,
        F::UnknownEncoding {
            encoding: name("EBCDIC-JP-kana")
        }
    );
}

#[test]
fn what_is_expected_is_said_where_it_is_expected() {
    let cases = [
        "x<a/>",
        "<a",
        "<a ",
        "<a b",
        "<a b=",
        "<a b=1/>",
        "<a b='1",
        "<a b='1'c='2'/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='&#;'/>",
        "<a b='&#x;'/>",
        "<a b='&#1'/>",
        "<a / >",
        "<1a/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c xmlns:a='u'/>",
        "<a :b='1'/>",
        "< a/>",
        "<a></ a>",
        "<a></a b>",
        "<a></a",
        "</a>",
        "<a>]]></a>",
        "<a>&amp</a>",
        "<a>& </a>",
        "<a>&'x';</a>",
        "<a>&;</a>",
        "<a><![CDATA[</a>",
        "<a><![cdata[]]></a>",
        "<a><!x></a>",
        "<a><!-- -- --></a>",
        "<a><!-- --->",
        "<!--->",
        "<?xml?><a/>",
        "<?xml version='2.0'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
        "<?xml version='1.0'><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        " <?xml version='1.0'?><a/>",
        "<a><?xml version='1.0'?></a>",
        "<?XML version='1.0'?><a/>",
        "<?p:q?><a/>",
        "<?p+?><a/>",
        "<?p ?",
        "<a/><![CDATA[]]>",
        "<![CDATA[]]><a/>",
    ];
    for text in cases {
        assert!(
            matches!(
                fault(text),
                XmlFault::Expected { .. } | XmlFault::UnexpectedEnd { .. } | XmlFault::AfterRoot
            ),
            "{text}: {:?}",
            fault(text)
        );
    }
    assert_eq!(place("<架空>\n  <市 コード=131016/>\n</架空>"), (2, 10));
    assert_eq!(place("<a>\r\n\u{20BB7}\u{20BB7}&x;</a>"), (2, 3));
    assert_eq!(place("<a>\n<b></c></a>"), (2, 4));
}

#[test]
fn every_fault_has_words_in_both_languages() {
    let name = String::new;
    let all = [
        XmlFault::Empty,
        XmlFault::InvalidBytes { encoding: name() },
        XmlFault::UnknownEncoding { encoding: name() },
        XmlFault::Character { code: 0 },
        XmlFault::Doctype,
        XmlFault::Entity { name: name() },
        XmlFault::TooLarge { limit: 1 },
        XmlFault::TooDeep { limit: 1 },
        XmlFault::TooManyAttributes { limit: 1 },
        XmlFault::TooManyNamespaces { limit: 1 },
        XmlFault::TooManyNodes { limit: 1 },
        XmlFault::Expected {
            ja: "名前",
            en: "a name",
        },
        XmlFault::UnexpectedEnd {
            ja: "名前",
            en: "a name",
        },
        XmlFault::EndTag {
            open: name(),
            close: name(),
        },
        XmlFault::Unclosed { name: name() },
        XmlFault::DuplicateAttribute { name: name() },
        XmlFault::UnboundPrefix { prefix: name() },
        XmlFault::NamespaceDeclaration { prefix: name() },
        XmlFault::NoRoot,
        XmlFault::AfterRoot,
    ];
    for fault in all {
        let text = fault.describe();
        assert!(
            !text.ja.is_ascii() && text.en.is_ascii() && !text.en.is_empty(),
            "{text:?}"
        );
    }
}

#[test]
fn values_are_normalised() {
    let document = read(b"<a b=' 1\t2\r\n3\n4&#10;&#9; '>x\r\ny\rz&#13;<![CDATA[\r\n]]></a>").expect("well-formed");
    let root = document.root();
    assert_eq!(root.attribute("", "b"), Some(" 1 2 3 4\n\t "));
    assert_eq!(root.text(), "x\ny\nz\r\n");
    let document = read(b"<?p a\r\nb?><a><!--\r--></a>").expect("well-formed");
    assert_eq!(document.top().next().map(Node::value), Some("a\nb"));
    assert_eq!(document.root().nodes().next().map(Node::value), Some("\n"));
}

#[test]
fn nodes_are_walked() {
    let document = read(b"<a><b>1<c/>2</b><!-- x --><b/><d/></a>").expect("well-formed");
    let root = document.root();
    let inside: Vec<_> = root.nodes_inside().map(Node::kind).collect();
    let (element, text, comment) = (NodeKind::Element, NodeKind::Text, NodeKind::Comment);
    assert_eq!(inside, [element, text, element, text, comment, element, element]);
    let first = root.children().next().expect("a child");
    assert_eq!(first.nodes_inside().count(), 3);
    assert_eq!(
        first.later_siblings().map(Element::path).collect::<Vec<_>>(),
        ["/a/b[2]", "/a/d"]
    );
}

#[test]
fn encodings() {
    let text = "<a>髙﨑市</a>";
    let utf16 = |little: bool, mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        let units = mark.into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    };
    for (little, mark) in [(true, true), (true, false), (false, true), (false, false)] {
        let document = read(&utf16(little, mark)).expect("UTF-16");
        assert_eq!(document.text(), text);
        assert_eq!(document.encoding().used, "UTF-16");
    }
    let (sjis, _, lossy) = encoding_rs::SHIFT_JIS.encode("<?xml version='1.0' encoding='Shift_JIS'?><a>髙﨑市</a>");
    assert!(!lossy);
    assert_eq!(read(&sjis).expect("Shift_JIS").root().text(), "髙﨑市");
    // The transport counts more than the declaration, a mark more than both.
    let read_as = |bytes: &[u8], charset| {
        parse_bytes(bytes, Some(charset), &Limits::default()).map(|document| document.root().text().into_owned())
    };
    let (body, ..) = encoding_rs::SHIFT_JIS.encode(text);
    assert_eq!(read_as(&body, "Shift_JIS").as_deref(), Ok("髙﨑市"));
    assert_eq!(
        read_as(format!("\u{FEFF}{text}").as_bytes(), "Shift_JIS").as_deref(),
        Ok("髙﨑市")
    );
    assert!(read_as(text.as_bytes(), "Shift_JIS").is_err());

    let invalid = |bytes: &[u8]| read(bytes).map(|_| ()).expect_err("invalid bytes");
    let error = invalid(b"<a>\n\xE3\x81\x82\xE3\x81</a>");
    assert!(matches!(error.fault, XmlFault::InvalidBytes { .. }));
    assert_eq!((error.at.line, error.at.column), (2, 2));
    for bytes in [
        &b"<a>\xC0\x80</a>"[..],
        b"<a>\xED\xA0\x80</a>",
        b"<a>\xF4\x90\x80\x80</a>",
        b"\xFF",
    ] {
        assert!(
            matches!(invalid(bytes).fault, XmlFault::InvalidBytes { .. }),
            "{bytes:?}"
        );
    }
    let mut odd = utf16(true, true);
    odd.pop();
    assert!(matches!(invalid(&odd).fault, XmlFault::InvalidBytes { .. }));
    let lone: Vec<u8> = [0xFEFF_u16, 0x3C, 0x61, 0xD800, 0x3E]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(matches!(invalid(&lone).fault, XmlFault::InvalidBytes { .. }));
    // UTF-8 after a mark of UTF-16, and the other way round.
    assert!(read(b"\xFF\xFE<a/>").is_err());
    assert!(read(&[&b"\xEF\xBB\xBF"[..], &utf16(true, false)].concat()).is_err());
    assert!(read(b"<\0\0\0a\0\0\0/\0\0\0>\0\0\0").is_err(), "UTF-32");
}

#[track_caller]
fn refused(bytes: &[u8]) -> XmlFault {
    read(bytes).map(|_| ()).expect_err("refused").fault
}

#[test]
fn hostile_documents_are_refused() {
    let limits = Limits::default();
    assert_eq!(
        refused("<a>".repeat(1_000_000).as_bytes()),
        XmlFault::TooDeep { limit: limits.depth }
    );
    let attributes: String = (0..200_000).map(|number| format!(" a{number}=''")).collect();
    let expected = XmlFault::TooManyAttributes {
        limit: limits.attributes,
    };
    assert_eq!(refused(format!("<a{attributes}/>").as_bytes()), expected);
    let scopes: String = (0..200)
        .map(|depth| {
            let declarations: String = (0..10).map(|number| format!(" xmlns:p{depth}-{number}='u'")).collect();
            format!("<a{declarations}>")
        })
        .collect();
    let expected = XmlFault::TooManyNamespaces {
        limit: limits.namespaces,
    };
    assert_eq!(refused(scopes.as_bytes()), expected);
    let expected = XmlFault::TooManyNodes { limit: limits.nodes };
    assert_eq!(refused(format!("<a>{}", "<b/>".repeat(2_100_000)).as_bytes()), expected);
    let large = vec![b'x'; 100 * 1024 * 1024];
    assert_eq!(refused(&large), XmlFault::TooLarge { limit: limits.bytes });
    assert!(read(&vec![0; 10_000_000]).is_err());
    // One long thing of every kind, without its end.
    for start in [
        "<a",
        "<a b='",
        "<a><![CDATA[",
        "<!--",
        "<?p ",
        "<a>&",
        "<a>&#",
        "<a></",
        "<a xmlns:",
    ] {
        for filling in ["x", "-", "]", "&", "<", "?", " ", "'", "\u{3042}"] {
            let text = format!("{start}{}", filling.repeat(1_000_000 / filling.len()));
            refused(text.as_bytes());
        }
    }
}

#[test]
fn documents_up_to_the_limits_are_read() {
    let limits = Limits::default();
    let deep = format!("{}{}", "<a>".repeat(limits.depth), "</a>".repeat(limits.depth));
    assert!(read(deep.as_bytes()).is_ok());
    assert_eq!(
        fault(&format!("<a>{deep}</a>")),
        XmlFault::TooDeep { limit: limits.depth }
    );
    let attributes: String = (0..limits.attributes).map(|number| format!(" a{number}=''")).collect();
    assert!(read(format!("<a{attributes}/>").as_bytes()).is_ok());
}

#[test]
fn entities_and_document_types() {
    let bomb = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>";
    let external = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    let parameter = "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/x'>%x;]><a/>";
    for text in [bomb, external, parameter] {
        assert_eq!(fault(text), XmlFault::Doctype);
    }
    let skip = Limits::default().with_doctype(Doctype::Skip);
    let skipped = |text: &str| parse(text, &skip).map(|document| document.doctype().is_some());
    assert!(matches!(
        skipped(bomb).map_err(|error| error.fault),
        Err(XmlFault::Entity { .. })
    ));
    assert!(matches!(
        skipped(external).map_err(|error| error.fault),
        Err(XmlFault::Entity { .. })
    ));
    assert_eq!(skipped(parameter), Ok(true));
    let tricky = "<!DOCTYPE a PUBLIC \"-//X//>\" 'y>' [<!-- ' ]> --><?p ' ]> ?><!ENTITY e ']>'><!ATTLIST a b CDATA \"'>\">] >\n<a/>";
    assert_eq!(skipped(tricky), Ok(true));
    assert_eq!(skipped("<a/>"), Ok(false));
    for text in [
        "<!DOCTYPE a [",
        "<!DOCTYPE a",
        "<!DOCTYPE a [<!-- ]><a/>",
        "<!DOCTYPE a><!DOCTYPE a><a/>",
        "<a/><!DOCTYPE a>",
    ] {
        assert!(skipped(text).is_err(), "{text}");
    }
}

/// Numbers that are the same every time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).expect("fits")).expect("fits")
    }
}

const ENVELOPE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- 架空 -->\n\
    <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:x\">\r\n <s:Header>\n\
    <t:Action xmlns:t='urn:t' s:mustUnderstand=\"1\">urn:a&amp;b</t:Action></s:Header>\n <s:Body><get id='a1'>\n\
    <名前>架空　花子\u{20BB7}</名前><![CDATA[ <x> ]]><?p q?>&#x3042;&lt;</get></s:Body>\n</s:Envelope>\n";

#[test]
fn twenty_thousand_mutations_do_no_harm() {
    let mut numbers = Numbers(20_261_122);
    let pieces: [&[u8]; 24] = [
        b"<",
        b">",
        b"/",
        b"&",
        b";",
        b"'",
        b"\"",
        b"=",
        b":",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"-->",
        b"<?",
        b"?>",
        b"xmlns:",
        b"\0",
        b"\xFF",
        b"\xE3\x81",
        b"\xEF\xBF\xBF",
        b"&#",
        b"&#x0;",
        b"<!DOCTYPE a [",
        b"</",
    ];
    let (mut read_well, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = ENVELOPE.as_bytes().to_vec();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(bytes.len());
            match numbers.below(5) {
                0 => bytes[at] = u8::try_from(numbers.below(256)).expect("a byte"),
                1 => bytes.truncate(at.max(1)),
                2 => {
                    bytes.remove(at);
                }
                3 => {
                    let from = numbers.below(bytes.len());
                    let copy = bytes[from..bytes.len().min(from + 40)].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => {
                    bytes.splice(at..at, pieces[numbers.below(pieces.len())].iter().copied());
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        match read(&bytes) {
            Err(error) => {
                refused += 1;
                assert!(error.at.line >= 1 && error.at.column >= 1);
            }
            Ok(document) => {
                read_well += 1;
                consistent(&document);
            }
        }
    }
    assert!(
        read_well > 1_000 && refused > 10_000,
        "{read_well} read, {refused} refused"
    );
}

#[test]
fn places_count_lines_and_characters() {
    let text = "\n<a>\n試<b/>\r\n\n  <c/></a>\n";
    let document = read(text.as_bytes()).expect("well-formed");
    for (name, line, column) in [("a", 2, 1), ("b", 3, 2), ("c", 5, 3)] {
        let element = document.elements().find(|element| element.local() == name).expect(name);
        assert_eq!(
            (element.position().line, element.position().column),
            (line, column),
            "{name}"
        );
    }
    for offset in (0..text.len() + 5).filter(|&at| text.is_char_boundary(at.min(text.len()))) {
        let (found, counted) = (
            document.position(offset),
            encoding::position_at(document.text(), offset),
        );
        assert_eq!(found, counted, "offset {offset}");
    }
}

/// Every place of a document is inside its text, and nodes do not cross.
fn consistent(document: &Document) {
    let text = document.text();
    for node in document.nodes() {
        assert!(text.get(node.range()).is_some());
        assert_eq!(node.position(), encoding::position_at(text, node.range().start));
        if let Some(parent) = node.parent() {
            assert!(parent.range().start < node.range().start && node.range().end < parent.range().end);
        }
        if let Some(element) = node.element() {
            assert!(text[element.tag_range()].starts_with('<') && text[element.range()].ends_with('>'));
            assert!(
                element
                    .attributes()
                    .all(|attribute| text.get(attribute.range()).is_some())
            );
            assert!(!element.path().is_empty());
        }
    }
}
