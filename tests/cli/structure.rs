//! The structure of `src`, from its parsed `use` trees and paths: layers, secrets, circles and names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMacro, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The layers of `src`, from the lowest to the highest. Each may use only those before it.
const LAYERS: &[&str] = &[
    "util",
    "text",
    "article",
    "formats",
    "corpus",
    "marks",
    "query",
    "subscriptions",
    "journal",
    "search",
    "keys",
    "config",
    "render",
    "http",
    "library",
    "engine",
    "app",
    "ui",
    "tui",
    "cli",
];

/// The parts of `engine`, from the lowest to the highest.
const ENGINE: &[&str] = &[
    "log",
    "event",
    "unreadable_rows",
    "loader",
    "feeds",
    "snapshot",
    "load",
    "corpus_service",
    "library_writer",
    "search",
];

/// Layers that a layer must not use although they are below it.
const HIDDEN: &[(&str, &[&str])] = &[("app", &["http", "library", "engine"]), ("ui", &["http", "library", "engine"])];

/// Crates and modules of the standard library, each with the layers that may use it.
const RESTRICTED: &[(&str, &[&str])] = &[
    ("ratatui", &["config", "ui", "tui"]),
    ("crossterm", &["tui", "cli"]),
    ("terminput", &["tui"]),
    ("std::fs", &["config", "library", "engine", "tui", "cli"]),
    ("std::thread", &["util", "search", "http", "engine", "tui"]),
    ("std::process", &["http", "engine", "tui", "cli"]),
    ("notify", &["engine"]),
    ("ureq", &["http"]),
    ("rusqlite", &["library"]),
    ("clap", &["keys", "cli"]),
];

/// The path of a module or an item in the crate, without `crate`.
type Name = Vec<String>;

/// A name that a file uses.
struct Use {
    segments: Vec<String>,
    /// The inline modules around the use.
    inside: Name,
    is_reexport: bool,
    /// The local name, if this is a `use` declaration.
    local: Option<String>,
}

/// A parsed file of `src` without its tests.
struct Source {
    path: PathBuf,
    uses: Vec<Use>,
    items: HashSet<String>,
    types: BTreeSet<String>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| {
                    let tokens = list.tokens.to_string();
                    tokens == "test" || tokens.starts_with("all") && tokens.contains("test")
                })
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Collects the names that a file uses.
#[derive(Default)]
struct Collector {
    uses: Vec<Use>,
    inside: Name,
}

impl Collector {
    fn tree(&mut self, tree: &UseTree, prefix: &[String], is_reexport: bool) {
        let mut segments = prefix.to_vec();
        let local = match tree {
            UseTree::Path(path) => {
                segments.push(path.ident.to_string());
                return self.tree(&path.tree, &segments, is_reexport);
            }
            UseTree::Group(group) => {
                for item in &group.items {
                    self.tree(item, prefix, is_reexport);
                }
                return;
            }
            UseTree::Glob(_) => {
                segments.push("*".to_owned());
                None
            }
            UseTree::Name(name) if name.ident == "self" => segments.last().cloned(),
            UseTree::Name(name) => {
                segments.push(name.ident.to_string());
                segments.last().cloned()
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    segments.push(rename.ident.to_string());
                }
                Some(rename.rename.to_string())
            }
        };
        self.uses.push(Use { segments, inside: self.inside.clone(), is_reexport, local });
    }

    /// Adds the paths in the tokens of a macro call, which `syn` does not parse.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.path(&path);
                        path.clear();
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                proc_macro2::TokenTree::Group(group) => {
                    self.path(&path);
                    path.clear();
                    colons = 0;
                    self.tokens(group.stream());
                }
                _ => {
                    self.path(&path);
                    path.clear();
                    colons = 0;
                }
            }
        }
        self.path(&path);
    }

    fn path(&mut self, segments: &[String]) {
        if segments.len() > 1 {
            let use_ =
                Use { segments: segments.to_vec(), inside: self.inside.clone(), is_reexport: false, local: None };
            self.uses.push(use_);
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() {
            self.inside.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.inside.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.path(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// Parsed once for all tests of this file.
static CRATE: LazyLock<Crate> = LazyLock::new(Crate::read);

/// All files of `src` by module.
struct Crate {
    sources: BTreeMap<Name, Source>,
    /// What each module re-exports or imports: the local name, and the absolute path.
    imports: HashMap<Name, HashMap<String, Name>>,
    globs: HashMap<Name, Vec<Name>>,
}

impl Crate {
    fn read() -> Crate {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        rust_files(&root, &mut paths);
        let mut sources = BTreeMap::new();
        for path in paths {
            let relative = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Name = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if module == ["lib"] {
                module.clear();
            }
            let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            // Unit tests of a module can have a file of their own.
            if module != ["main"] && module.last().is_none_or(|name| name != "tests") {
                sources.insert(module, source(path, &file));
            }
        }
        let mut this = Crate { sources, imports: HashMap::new(), globs: HashMap::new() };
        for module in this.sources.keys().cloned().collect::<Vec<_>>() {
            for number in 0..this.sources[&module].uses.len() {
                let use_ = &this.sources[&module].uses[number];
                let Some(target) = this.absolute(&module, use_) else { continue };
                match &use_.local {
                    Some(local) => {
                        let local = local.clone();
                        this.imports.entry(module.clone()).or_default().insert(local, target);
                    }
                    None if target.last().is_some_and(|last| last == "*") => {
                        let parent = target[..target.len() - 1].to_vec();
                        this.globs.entry(module.clone()).or_default().push(parent);
                    }
                    None => {}
                }
            }
        }
        this
    }

    /// Returns the absolute path of a used name; `None` for other crates and local names.
    fn absolute(&self, module: &Name, use_: &Use) -> Option<Name> {
        let mut here = [&module[..], &use_.inside[..]].concat();
        let mut rest = &use_.segments[..];
        match rest[0].as_str() {
            "crate" => {
                here.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    here.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child = [&here[..], &[first.to_owned()]].concat();
                if !self.sources.contains_key(&child) {
                    let imported = self.imports.get(module)?.get(first)?;
                    return (use_.local.is_none() && self.sources.contains_key(imported))
                        .then(|| [&imported[..], &rest[1..]].concat());
                }
            }
        }
        Some([&here[..], rest].concat())
    }

    /// Returns the module that defines the item at this path.
    fn home(&self, path: &[String], depth: usize) -> Option<Name> {
        let length = (0..=path.len()).rev().find(|&length| self.sources.contains_key(&path[..length]))?;
        let module = path[..length].to_vec();
        let Some(name) = path.get(length) else { return Some(module) };
        if self.sources[&module].items.contains(name) || depth > 8 {
            return Some(module);
        }
        let imported = self.imports.get(&module).and_then(|imports| imports.get(name));
        if let Some(target) = imported.filter(|target| target[..] != path[..=length]) {
            return self.home(&[&target[..], &path[length + 1..]].concat(), depth + 1);
        }
        for glob in self.globs.get(&module).into_iter().flatten() {
            if let Some(home) = self.home(&[&glob[..], &path[length..]].concat(), depth + 1)
                && self.sources[&home].items.contains(name)
            {
                return Some(home);
            }
        }
        Some(module)
    }

    /// Returns the modules whose items each module uses. Re-exports do not count.
    fn edges(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let mut edges: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for (module, source) in &self.sources {
            let targets = edges.entry(module.clone()).or_default();
            for use_ in source.uses.iter().filter(|use_| !use_.is_reexport) {
                let Some(path) = self.absolute(module, use_) else { continue };
                // Importing a module is not yet a use of its items.
                if use_.local.is_some() && self.sources.contains_key(&path) {
                    continue;
                }
                let path = path.strip_suffix(&["*".to_owned()]).unwrap_or(&path);
                targets.extend(self.home(path, 0).filter(|home| home != module));
            }
        }
        edges
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn source(path: PathBuf, file: &File) -> Source {
    let mut collector = Collector::default();
    collector.visit_file(file);
    let (mut items, mut types) = (HashSet::new(), BTreeSet::new());
    for item in file.items.iter().filter(|item| !is_test(attributes(item))) {
        let (name, is_type) = match item {
            Item::Const(item) => (item.ident.to_string(), false),
            Item::Fn(item) => (item.sig.ident.to_string(), false),
            Item::Static(item) => (item.ident.to_string(), false),
            Item::Macro(ItemMacro { ident: Some(ident), .. }) => (ident.to_string(), false),
            Item::Enum(item) => (item.ident.to_string(), true),
            Item::Struct(item) => (item.ident.to_string(), true),
            Item::Trait(item) => (item.ident.to_string(), true),
            Item::Type(item) => (item.ident.to_string(), true),
            _ => continue,
        };
        if is_type {
            types.insert(name.clone());
        }
        items.insert(name);
    }
    Source { path, uses: collector.uses, items, types }
}

#[test]
fn layers_are_those_of_the_crate() {
    let mut declared: Vec<&str> =
        CRATE.sources.keys().filter(|module| module.len() == 1).map(|module| module[0].as_str()).collect();
    let mut known = LAYERS.to_vec();
    declared.sort_unstable();
    known.sort_unstable();
    assert_eq!(declared, known);
}

#[test]
fn layers_use_only_lower_layers() {
    let height = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
    let mut wrong = Vec::new();
    for (module, targets) in CRATE.edges() {
        for target in &targets {
            let (Some(own), Some(other)) = (module.first(), target.first()) else { continue };
            let is_hidden = HIDDEN.iter().any(|(layer, hidden)| layer == own && hidden.contains(&other.as_str()));
            if height(LAYERS, other) > height(LAYERS, own) || is_hidden {
                wrong.push(format!("{} uses {}", module.join("::"), target.join("::")));
            }
            if let ([engine, own, ..], [other_engine, other, ..]) = (&module[..], &target[..])
                && engine == "engine"
                && other_engine == "engine"
                && height(ENGINE, other) > height(ENGINE, own)
            {
                wrong.push(format!("{} uses {}", module.join("::"), target.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn engine_parts_are_all_known() {
    for module in CRATE.sources.keys().filter(|module| module.len() == 2 && module[0] == "engine") {
        assert!(ENGINE.contains(&module[1].as_str()), "where does engine::{} stand?", module[1]);
    }
}

#[test]
fn restricted_crates_are_used_by_their_layers() {
    let mut wrong = Vec::new();
    for (module, source) in CRATE.sources.iter().filter(|(module, _)| !module.is_empty()) {
        for use_ in &source.uses {
            let used = use_.segments.join("::");
            for (name, layers) in RESTRICTED {
                let is_it = used == *name || used.starts_with(&format!("{name}::"));
                if is_it && !layers.contains(&module[0].as_str()) {
                    wrong.push(format!("{} uses {used}", source.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let edges = CRATE.edges();
    let reachable = |from: &Name| {
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(module) = open.pop() {
            for target in &edges[module] {
                if found.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
        found
    };
    let reached: BTreeMap<&Name, BTreeSet<Name>> = edges.keys().map(|module| (module, reachable(module))).collect();
    let mut circles = Vec::new();
    for (module, targets) in &edges {
        let mutual: Vec<String> =
            targets.iter().filter(|target| reached[target].contains(module)).map(|target| target.join("::")).collect();
        if !mutual.is_empty() {
            circles.push(format!("{} uses {}", module.join("::"), mutual.join(", ")));
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn type_names_are_defined_once() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, source) in &CRATE.sources {
        for name in &source.types {
            places.entry(name.clone()).or_default().push(module.join("::"));
        }
    }
    // Each subcommand has arguments of its own.
    places.remove("Args");
    places.retain(|_, modules| modules.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn unsafe_code_is_allowed_in_main_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let allowance = ["allow(", "unsafe_code"].concat();
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        rust_files(&root.join(folder), &mut files);
    }
    let found: Vec<&Path> = files
        .iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains(&allowance))
        .map(|path| path.strip_prefix(root).unwrap())
        .collect();
    assert_eq!(found, [Path::new("src/main.rs")]);
}
