//! What a build script said, as rules_rust writes it down: files with arguments of rustc.

/// What a build script said about linking.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Folders of rustc-link-search, as they were named.
    pub search: Vec<String>,
    /// rustc-link-lib: `[KIND[:MODIFIERS]=]NAME`.
    pub libraries: Vec<String>,
    /// rustc-link-arg, and rustc-link-arg-bins.
    pub arguments: Vec<String>,
}

impl Said {
    /// Takes arguments of rustc, one a line.
    pub fn take_arguments(&mut self, text: &str) {
        for line in text.lines() {
            let codegen = line
                .strip_prefix("-C")
                .or_else(|| line.strip_prefix("--codegen="));
            if let Some(option) = codegen.map(str::trim_start) {
                if let Some(argument) = option.strip_prefix("link-arg=") {
                    self.arguments.push(argument.to_owned());
                } else if let Some(arguments) = option.strip_prefix("link-args=") {
                    self.arguments
                        .extend(arguments.split_whitespace().map(str::to_owned));
                }
            } else if let Some(folder) = line.strip_prefix("-L") {
                self.search.push(folder.trim_start().to_owned());
            } else if let Some(library) = line.strip_prefix("-l") {
                self.libraries.push(library.trim_start().to_owned());
            }
        }
    }

    /// Takes metadata for dependents, one variable a line. rules_rust 0.54 takes `cargo::KEY=VALUE` for metadata of the name
    /// `:KEY`, whatever KEY is.
    pub fn take_metadata(&mut self, text: &str) {
        for line in text.lines() {
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let Some((_, key)) = name.split_once("_:") else {
                continue;
            };
            let value = value.to_owned();
            match key {
                "RUSTC_LINK_SEARCH" => self.search.push(value),
                "RUSTC_LINK_LIB" => self.libraries.push(value),
                "RUSTC_LINK_ARG" | "RUSTC_LINK_ARG_BINS" => self.arguments.push(value),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_rustc() {
        let mut said = Said::default();
        said.take_arguments(
            "--cfg=esp32\n-Clink-arg=-Tlinkall.x\n--codegen=link-arg=-nostartfiles\n-Clink-args=-a -b\n-Lnative=${pwd}/out\n-L dir\n\
             -lstatic=phy\n-lesp_rom_sys",
        );
        assert_eq!(
            said,
            Said {
                search: vec!["native=${pwd}/out".into(), "dir".into()],
                libraries: vec!["static=phy".into(), "esp_rom_sys".into()],
                arguments: ["-Tlinkall.x", "-nostartfiles", "-a", "-b"]
                    .map(Into::into)
                    .into(),
            }
        );
    }

    #[test]
    fn two_colons() {
        let mut said = Said::default();
        said.take_metadata(
            "DEP__:RUSTC_LINK_ARG=-Tlinkall.x\nDEP_A_:RUSTC_LINK_LIB=static=phy\nDEP_A_:RUSTC_LINK_SEARCH=${pwd}/out\nDEP_A_ROOT=/:x\n\
             DEP_A_:RUSTC_CFG=x",
        );
        assert_eq!(
            said,
            Said {
                search: vec!["${pwd}/out".into()],
                libraries: vec!["static=phy".into()],
                arguments: vec!["-Tlinkall.x".into()],
            }
        );
    }
}
