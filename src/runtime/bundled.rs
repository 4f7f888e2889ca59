//! The articles that the program carries with it, so that it has something to show in any folder.

macro_rules! seeds {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../seeds/", $name)))),*]
    };
}

/// Name and bytes of each.
pub(super) static SEEDS: &[(&str, &[u8])] = seeds![];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_of_the_folder_is_bundled() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        let mut names: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(SEEDS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    }
}
