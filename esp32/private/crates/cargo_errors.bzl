"""What a failure of Cargo means."""

# Nobody answers: worth another try in a moment, not worth the retries for each single file.
_UNREACHABLE_WORDS = [
    "could not connect",
    "could not resolve",
    "couldn't connect",
    "couldn't resolve",
]

_NETWORK_WORDS = _UNREACHABLE_WORDS + [
    "certificate",
    "download of",
    "failed to download",
    "failed to fetch",
    "failed to get successful http response",
    "spurious network error",
    "ssl ca cert",
    "ssl connect",
    "timed out",
    "timeout was reached",
]

def _contains_any(text, words):
    lower = text.lower()
    return [word for word in words if word in lower] != []

def is_unreachable(stderr):
    """Tells whether Cargo failed because there is no way to the registry.

    Args:
        stderr: what Cargo wrote.

    Returns:
        A bool.
    """
    return _contains_any(stderr, _UNREACHABLE_WORDS)

def is_network_failure(stderr):
    """Tells whether Cargo failed while it downloaded.

    Args:
        stderr: what Cargo wrote.

    Returns:
        A bool.
    """
    return _contains_any(stderr, _NETWORK_WORDS)

def explain_cargo_failure(stderr, workspace_dir, root_manifest, cargo):
    """Turns what Cargo wrote before it failed into what went wrong and what to do about it.

    Args:
        stderr: what Cargo wrote.
        workspace_dir: absolute path of the copied workspace, which the message shall not mention.
        root_manifest: path of the workspace's Cargo.toml, relative to the repository of the user.
        cargo: path of the Cargo that ran.

    Returns:
        A text of several lines: the fix, then Cargo's own words.
    """
    text = "\n".join([
        line
        for line in stderr.replace(workspace_dir + "/", "").replace(" ({})".format(workspace_dir), "").strip().splitlines()
        if not line.startswith("warning: spurious network error")
    ])
    lower = text.lower()
    lock = root_manifest.replace("Cargo.toml", "Cargo.lock")
    if "--locked was passed" in lower or "lock file" in lower and "needs to be updated" in lower:
        fix = """{lock} does not fit the manifests: it is out of date, or `manifests` does not list all members of the workspace.
To bring it up to date, run: cargo update --workspace --manifest-path {manifest}
(the Cargo used here is {cargo})""".format(lock = lock, manifest = root_manifest, cargo = cargo)
    elif "does not have that feature" in lower or "does not have these features" in lower:
        fix = "A manifest asks for a feature that the crate does not have: change the `features` of that dependency."
    elif "conflict with previously selected packages" in lower or "links to the native library" in lower:
        fix = """A crate is wanted in two versions, of which there can be one only in a program, such as esp-hal: two of them would drive the
same chip. Bring the dependencies in the manifests to one version; `cargo tree -i CRATE` says who wants which."""
    elif "failed to load manifest" in lower or "failed to read" in lower and "cargo.toml" in lower:
        fix = "A manifest of the workspace cannot be loaded. The Cargo.toml of each member, and of each crate that is named by a path, must be listed in `manifests`."
    elif "checksum" in lower:
        fix = "A crate is not the one that {} pins: somebody edited the lock file, or the registry or its mirror gives out something else.".format(lock)
    elif "target-specific information" in lower:
        fix = "The compiler does not know `target_triple`; `rustc` must be one that does."
    elif is_network_failure(stderr):
        fix = """The crates pinned by {} could not be downloaded.
Check the network, the proxy (https_proxy) and the certificates (SSL_CERT_FILE). A mirror of crates.io is set in Cargo's own
configuration, $CARGO_HOME/config.toml: https://doc.rust-lang.org/cargo/reference/source-replacement.html""".format(lock)
    else:
        fix = "Cargo cannot resolve the dependencies of {}.".format(root_manifest)
    return "{}\nCargo said:\n{}".format(fix, text)
