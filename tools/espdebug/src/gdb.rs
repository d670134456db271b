//! gdb's command line.

use std::path::{Path, PathBuf};

/// Where gdb looks for sources, which debug information names relative to where they were compiled: in the workspace, and where
/// Bazel has other repositories and what was generated.
pub fn source_folders(workspace: &Path) -> Vec<PathBuf> {
    let mut folders = vec![workspace.to_owned()];
    // bazel-out is in the execution root, which has `external/`, too.
    if let Ok(out) = std::fs::read_link(workspace.join("bazel-out"))
        && let Some(execution_root) = out.parent()
    {
        folders.push(execution_root.to_owned());
    }
    folders
}

/// The arguments of gdb.
///
/// - `folders` are where sources are, the first before the others.
/// - `remote` is what `target remote` takes. `is_board`: there is a chip at its end, which has run before and has its program in flash.
/// - `stop_at` is where to stop first.
/// - `own` are the user's, which come last.
pub fn arguments(
    elf: &Path,
    folders: &[PathBuf],
    remote: &str,
    is_board: bool,
    stop_at: Option<&str>,
    own: &[String],
) -> Vec<String> {
    let mut commands = vec!["set confirm off".to_owned()];
    // The last one is searched first.
    for folder in folders.iter().rev() {
        commands.push(format!("directory {}", quoted(folder)));
    }
    commands.push(format!("target remote {remote}"));
    if is_board {
        commands.push("monitor reset halt".to_owned());
        commands.push("maintenance flush register-cache".to_owned());
    }
    if let Some(function) = stop_at {
        let command = if is_board { "thbreak" } else { "tbreak" };
        commands.push(format!("{command} {function}"));
        commands.push("continue".to_owned());
    }
    let mut arguments = vec!["-q".to_owned()];
    for command in commands {
        arguments.extend(["-ex".to_owned(), command]);
    }
    arguments.extend_from_slice(own);
    arguments.push(elf.display().to_string());
    arguments
}

/// A path in a command of gdb, which takes it apart at spaces.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_searched_first() {
        let workspace = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(
            "/base/execroot/_main/bazel-out",
            workspace.path().join("bazel-out"),
        )
        .unwrap();
        let folders = source_folders(workspace.path());
        assert_eq!(
            folders,
            [workspace.path(), Path::new("/base/execroot/_main")]
        );

        let own = ["-batch".to_owned()];
        let arguments = arguments(
            Path::new("a.elf"),
            &folders,
            "/tmp/gdb",
            false,
            Some("app_main"),
            &own,
        );
        let last = format!("directory \"{}\"", workspace.path().display());
        assert_eq!(
            arguments,
            [
                "-q",
                "-ex",
                "set confirm off",
                "-ex",
                "directory \"/base/execroot/_main\"",
                "-ex",
                &last,
                "-ex",
                "target remote /tmp/gdb",
                "-ex",
                "tbreak app_main",
                "-ex",
                "continue",
                "-batch",
                "a.elf",
            ]
        );
    }

    #[test]
    fn nothing_is_built_and_nothing_to_stop_at() {
        let workspace = tempfile::tempdir().unwrap();
        assert_eq!(source_folders(workspace.path()), [workspace.path()]);
        let arguments = arguments(Path::new("a.elf"), &[], ":3333", false, None, &[]);
        assert_eq!(
            arguments,
            [
                "-q",
                "-ex",
                "set confirm off",
                "-ex",
                "target remote :3333",
                "a.elf"
            ]
        );
    }

    #[test]
    fn a_board_is_reset_and_has_breakpoints_in_flash() {
        let arguments = arguments(Path::new("a.elf"), &[], ":3333", true, Some("main"), &[]);
        assert_eq!(
            arguments[3..],
            [
                "-ex",
                "target remote :3333",
                "-ex",
                "monitor reset halt",
                "-ex",
                "maintenance flush register-cache",
                "-ex",
                "thbreak main",
                "-ex",
                "continue",
                "a.elf",
            ]
        );
    }
}
