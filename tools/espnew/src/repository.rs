//! What a repository has besides an example's files.

use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig};

use crate::error::Error;
use crate::example::File;
use crate::kind::Kind;
use crate::origin::Origin;

const TEMPLATES: &[(&str, &str)] = &[
    ("README.md", include_str!("../templates/README.md")),
    (
        ".github/workflows/ci.yml",
        include_str!("../templates/ci.yml"),
    ),
];
const GITIGNORE: &str = include_str!("../templates/gitignore");
const BAZELW: &str = include_str!("../templates/bazelw.sh");

/// The files, of which none is an example's.
pub fn files(kind: Kind, name: &str, origin: &Origin) -> Result<Vec<File>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    let values = context! {
        name,
        kind => kind.name(),
        is_local => matches!(origin, Origin::Folder(_)),
        rules => if let Origin::Folder(path) = origin { path } else { "" },
    };
    let mut files = vec![
        File::text(".gitignore", GITIGNORE),
        File {
            is_executable: true,
            ..File::text("bazelw", BAZELW)
        },
    ];
    for (path, template) in TEMPLATES {
        files.push(File::text(
            path,
            environment.render_named_str(path, template, &values)?,
        ));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_render_for_all_kinds() {
        for kind in Kind::ALL {
            for origin in [
                Origin::Folder("../rules_esp32".to_owned()),
                Origin::Registry,
            ] {
                for file in files(*kind, "night_light", &origin).expect("they render") {
                    let text = String::from_utf8(file.contents).expect("it is text");
                    assert!(!text.contains("{%"), "{}: {text}", file.path);
                    assert!(
                        text.ends_with('\n') && !text.ends_with("\n\n"),
                        "{}: {text}",
                        file.path
                    );
                    assert_eq!(
                        file.path == "README.md",
                        text.starts_with("# night_light\n")
                    );
                }
            }
        }
    }
}
