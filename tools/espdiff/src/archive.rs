//! Archives of `ar`: static libraries, and Rust's `.rlib` files.

use object::read::archive::ArchiveFile;

use crate::Difference;
use crate::explain::explain_at;

struct Member<'a> {
    name: String,
    header: [(&'static str, Option<u64>); 4],
    offset: u64,
    data: &'a [u8],
}

fn members(file: &[u8]) -> Option<Vec<Member<'_>>> {
    ArchiveFile::parse(file)
        .ok()?
        .members()
        .map(|member| {
            let member = member.ok()?;
            Some(Member {
                name: String::from_utf8_lossy(member.name()).into_owned(),
                header: [
                    ("time", member.date()),
                    ("user", member.uid()),
                    ("group", member.gid()),
                    ("mode", member.mode()),
                ],
                offset: member.file_range().0,
                data: member.data(file).ok()?,
            })
        })
        .collect()
}

/// The differences between two archives; none where one cannot be read.
pub(crate) fn explain(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    let (Some(a), Some(b)) = (members(first), members(second)) else {
        return Vec::new();
    };
    let names = |members: &[Member<'_>]| {
        members
            .iter()
            .map(|member| member.name.clone())
            .collect::<Vec<_>>()
    };
    let (names_a, names_b) = (names(&a), names(&b));
    if names_a != names_b {
        let at = names_a
            .iter()
            .zip(&names_b)
            .take_while(|(x, y)| x == y)
            .count();
        let name = |names: &[String]| names.get(at).cloned().unwrap_or("none".to_owned());
        return vec![Difference {
            place: format!(
                "{place}member {} of {} / {}",
                at + 1,
                names_a.len(),
                names_b.len()
            ),
            offset: None,
            first: name(&names_a),
            second: name(&names_b),
        }];
    }
    let mut found = Vec::new();
    for (m, n) in a.iter().zip(&b) {
        for ((field, x), (_, y)) in m.header.iter().zip(&n.header) {
            if x != y {
                let value = |v: &Option<u64>| match v {
                    None => "none".to_owned(),
                    Some(v) if *field == "mode" => format!("{v:o}"),
                    Some(v) => v.to_string(),
                };
                found.push(Difference {
                    place: format!("{place}member {}, {field}", m.name),
                    offset: None,
                    first: value(x),
                    second: value(y),
                });
            }
        }
        found.extend(explain_at(
            &format!("{place}member {}, ", m.name),
            offset + m.offset,
            m.data,
            n.data,
        ));
    }
    found
}
