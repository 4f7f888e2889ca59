//! Generates articles from the bundled ones: the dateline of one, the headline of another, paragraphs of others.

use std::fs;
use std::path::{Path, PathBuf};

/// The parts of the bundled articles.
pub(crate) struct Seeds {
    datelines: Vec<String>,
    headlines: Vec<String>,
    paragraphs: Vec<String>,
}

impl Seeds {
    pub(crate) fn new() -> Seeds {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let (mut datelines, mut headlines, mut paragraphs) = (Vec::new(), Vec::new(), Vec::new());
        for text in files.iter().map(|path| fs::read_to_string(path).unwrap()) {
            let mut lines = text.lines().filter(|line| !line.is_empty());
            datelines.extend(lines.next().map(str::to_owned));
            headlines.extend(lines.next().map(str::to_owned));
            paragraphs.extend(lines.filter(|line| !line.starts_with("SOURCE")).map(str::to_owned));
        }
        Seeds { datelines, headlines, paragraphs }
    }

    /// Returns article `number`, which is the same in every run and about 3 KB long.
    pub(crate) fn article(&self, number: usize) -> String {
        let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut pick = |from: &'_ [String]| {
            // Xorshift (Marsaglia, 2003).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            from[(state % from.len() as u64) as usize].clone()
        };
        let mut text = format!("{}\n{}\n", pick(&self.datelines), pick(&self.headlines));
        for _ in 0..14 {
            text.push('\n');
            text.push_str(&pick(&self.paragraphs));
            text.push('\n');
        }
        text.push_str(&format!("\nSOURCE:Desk {}\n", number % 40));
        text
    }
}

/// Writes this number of articles into `folder`, 1,000 in each sub-folder, and all of them into `one_file`.
pub(crate) fn write(folder: &Path, one_file: &Path, articles: usize) {
    use std::io::Write;
    let seeds = Seeds::new();
    let mut one = std::io::BufWriter::new(fs::File::create(one_file).unwrap());
    for number in 0..articles {
        let inner = folder.join(format!("{:04}", number / 1_000));
        if number % 1_000 == 0 {
            fs::create_dir_all(&inner).unwrap();
        }
        let text = seeds.article(number);
        fs::write(inner.join(format!("{number:06}.txt")), &text).unwrap();
        one.write_all(text.as_bytes()).unwrap();
    }
    one.flush().unwrap();
}
