//! The articles that are part of the program, so that the first start shows something.

macro_rules! seeds {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../seeds/", $name)))),*]
    };
}

/// The name and content of each bundled article.
pub(crate) static BUNDLED_ARTICLES: &[(&str, &[u8])] = seeds![
    "2012-07-05-higgs-boson.txt"
    "2012-08-07-curiosity-lands.txt"
    "2014-11-13-philae-on-a-comet.txt"
    "2015-07-15-new-horizons-pluto.txt"
    "2015-12-13-paris-agreement.txt"
    "2016-02-12-gravitational-waves.txt"
    "2017-08-22-eclipse-coast-to-coast.txt"
    "2018-05-25-data-protection.txt"
    "2018-12-04-sondas-en-bennu.txt"
    "2019-04-11-first-picture-of-a-black-hole.txt"
    "2019-04-16-notre-dame-fire.txt"
    "2019-05-21-new-kilogram.txt"
    "2020-10-10-world-food-programme.txt"
    "2020-12-06-hayabusa2.txt"
    "2020-12-18-change-5.txt"
    "2021-02-19-perseverance-lands.txt"
    "2021-04-13-gagarin-60-let.txt"
    "2021-12-26-webb-telescope-launch.txt"
    "2022-01-16-hunga-tonga.txt"
    "2022-07-13-webb-arabic.txt"
    "2022-09-27-dart-hits-dimorphos.txt"
    "2022-11-30-baguette-unesco.txt"
    "2022-12-19-argentina-world-champions.txt"
    "2023-01-02-euro-in-kroatien.txt"
    "2023-03-06-high-seas-treaty.txt"
    "2023-05-06-covid-emergency-ends.txt"
    "2023-08-24-chandrayaan-3.txt"
    "2024-03-08-sweden-in-nato.txt"
    "2024-06-26-change-6-returns.txt"
    "2024-12-08-notre-dame-reopens.txt"
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_of_the_folder_is_bundled() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        let mut names: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(BUNDLED_ARTICLES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    }
}
