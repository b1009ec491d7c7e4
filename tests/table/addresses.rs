//! Real town names of the address register (アドレス・ベース・レジストリ): Ｎ18 is too short, Ｎ120 is not.

use junkyo::schema::table::{FindingRule, Table};

use super::help::{check, csv, one_group, reference};

/// Town names of the file with half-width characters.
const WITH_HALF_WIDTH: u64 = 4;

fn towns(item_type: &str, length: u32) -> Table {
    one_group(
        "",
        &format!(
            r#"{{ name = "住所_市区町村コード", type = "X", length = 6, fixed = true, check-digit = "municipality-code" }},
               {{ name = "住所_町字コード", type = "X", length = 7, fixed = true, characters = "digits" }},
               {{ name = "住所_町字", type = "{item_type}", length = {length} }}"#
        ),
    )
}

#[test]
fn town_names_and_codes() {
    let Some(path) = reference("data/abr/machiaza_ids.csv") else {
        return;
    };
    let rows = csv(&path);
    let column = |name: &str| rows[0].iter().position(|other| other == name).unwrap();
    let (code, town) = (column("lg_code"), column("machiaza_id"));
    let parts = ["oaza_cho", "chome", "koaza"].map(column);
    let mut content = String::from("住所_市区町村コード,住所_町字コード,住所_町字\r\n");
    for row in &rows[1..] {
        let name: String = parts.iter().map(|part| row[*part].as_str()).collect();
        content.push_str(&format!("{},{},{name}\r\n", row[code], row[town]));
    }
    let long = check(&towns("Mixed", 120), content.as_bytes());
    let short = check(&towns("Mixed", 18), content.as_bytes());
    assert_eq!(long.files[0].records, 523);
    let of = |result: &junkyo::schema::table::TableResult, wanted: FindingRule| -> u64 {
        let counts = result.counts.iter().filter(|count| count.rule == wanted);
        counts.map(|count| count.count).sum()
    };
    assert_eq!(
        (of(&long, FindingRule::Length), of(&short, FindingRule::Length)),
        (0, 6)
    );
    // One of the six has a half-width digit besides, which Ｎ does not allow at all.
    let wide = check(&towns("N", 18), content.as_bytes());
    assert_eq!(
        (of(&wide, FindingRule::Length), of(&wide, FindingRule::Characters)),
        (5, WITH_HALF_WIDTH)
    );
    assert_eq!(
        of(&long, FindingRule::CheckDigit) + of(&long, FindingRule::LeadingZero),
        0
    );
    // Guessed types: in Hokkaido every code loses its first zero.
    let damaged: String = content
        .lines()
        .map(|line| format!("{}\r\n", line.trim_start_matches('0')))
        .collect();
    let north = rows[1..].iter().filter(|row| row[code].starts_with('0')).count() as u64;
    let result = check(&towns("N", 120), damaged.as_bytes());
    assert!(north > 50, "{north}");
    assert_eq!(of(&result, FindingRule::LeadingZero), north);
}

#[test]
fn addresses_of_the_geocoder() {
    let Some(path) = reference("data/abr/geocoder_cases.csv") else {
        return;
    };
    let rows = csv(&path);
    let column = |name: &str| rows[0].iter().position(|other| other == name).unwrap();
    let (code, town) = (column("lg_code"), column("machiaza_id"));
    let mut content = String::from("住所_市区町村コード,住所_町字コード,住所_町字\n");
    let mut count = 0;
    for row in rows[1..].iter().filter(|row| row.len() == rows[0].len()) {
        content.push_str(&format!("{},{},\n", row[code], row[town]));
        count += 1;
    }
    let result = check(&towns("N", 120), content.as_bytes());
    assert!(count > 600, "{count}");
    assert!(result.findings.is_empty(), "{:#?}", result.findings);
}
