//! What has happened, newest first or since an entry of the log, and as a feed (Atom, RFC 4287).

use super::fold::Catalog;
use super::record::{Record, StatusChange};
use crate::text::Lang;
use crate::xml::{escape_attribute, escape_text};

/// One event with its registration.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The registration, as it is after its last event.
    pub record: &'a Record,
    /// Number of the event in the life of the registration, from 1.
    pub sequence: usize,
    /// What happened.
    pub change: &'a StatusChange,
}

/// What a feed says of itself.
#[derive(Clone, Debug)]
pub struct FeedOptions<'a> {
    /// Address of the catalog, without `/` at the end.
    pub base: &'a str,
    /// Name of the register.
    pub title: &'a str,
    /// Time of the newest state (RFC 3339).
    pub updated: &'a str,
    /// Language of the texts.
    pub lang: Lang,
}

impl Catalog {
    /// Events from an entry of the log on, oldest first, at most `most`.
    pub fn changes(&self, since: u64, most: usize) -> Vec<Change<'_>> {
        let mut changes: Vec<Change<'_>> = self
            .all_changes()
            .filter(|change| change.change.log.index >= since)
            .collect();
        changes.sort_unstable_by_key(|change| change.change.log.index);
        changes.truncate(most);
        changes
    }

    /// The last events, newest first, at most `most`.
    pub fn newest_changes(&self, most: usize) -> Vec<Change<'_>> {
        let mut changes: Vec<Change<'_>> = self.all_changes().collect();
        changes.sort_unstable_by_key(|change| std::cmp::Reverse(change.change.log.index));
        changes.truncate(most);
        changes
    }

    fn all_changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.records().iter().flat_map(|record| {
            (1..).zip(&record.history).map(move |(sequence, change)| Change {
                record,
                sequence,
                change,
            })
        })
    }

    /// The last events as a feed. Texts of vendors stand in it as text only.
    pub fn atom(&self, options: &FeedOptions<'_>, most: usize) -> String {
        let FeedOptions {
            base,
            title,
            updated,
            lang,
        } = *options;
        let language = lang.pick("ja", "en");
        let mut feed = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
             <title>{}</title>\n<id>{}/</id>\n<link rel=\"self\" href=\"{}/feed.atom\"/>\n\
             <link rel=\"alternate\" href=\"{}/catalog\"/>\n<updated>{}</updated>\n<author><name>{}</name></author>\n",
            escape_text(title),
            escape_text(base),
            escape_attribute(base),
            escape_attribute(base),
            escape_text(updated),
            escape_text(title),
        );
        for change in self.newest_changes(most) {
            feed.push_str(&entry(&change, base, lang));
        }
        feed.push_str("</feed>\n");
        feed
    }
}

fn entry(change: &Change<'_>, base: &str, lang: Lang) -> String {
    let Change {
        record,
        sequence,
        change,
    } = change;
    let event = change.event.title();
    let page = format!("{base}/r/{}", record.registration);
    let title = format!(
        "{}: {} {} ({})",
        event.get(lang),
        record.product.name,
        record.product.version,
        record.registration
    );
    let mut summary = record.vendor.name.clone();
    if let Some(reason) = &change.reason {
        summary = format!("{summary} — {}", reason.public.get(lang));
    }
    format!(
        "<entry>\n<title>{}</title>\n<id>{}#{sequence}</id>\n<link rel=\"alternate\" href=\"{}\"/>\n\
         <updated>{}T00:00:00+09:00</updated>\n<category term=\"{}\"/>\n<summary>{}</summary>\n</entry>\n",
        escape_text(&title),
        escape_text(&page),
        escape_attribute(&page),
        change.since,
        change.event,
        escape_text(&summary),
    )
}
