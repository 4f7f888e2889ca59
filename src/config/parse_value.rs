//! Parses the values of settings. Each parser returns the expected form if a value is invalid.

use toml::de::DeValue;

/// An invalid value; contains the expected form.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub(super) struct InvalidValue(String);

impl InvalidValue {
    pub(super) fn expected(valid: impl Into<String>) -> InvalidValue {
        InvalidValue(valid.into())
    }
}

pub(super) fn switch(value: &DeValue<'_>) -> Result<bool, InvalidValue> {
    value.as_bool().ok_or_else(|| InvalidValue::expected("true or false"))
}

pub(super) fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Result<T, InvalidValue> {
    choice_or(value, choices, &[])
}

/// Parses one of `choices`, or one of the names that they have in older configs.
pub(super) fn choice_or<T: Copy>(
    value: &DeValue<'_>,
    choices: &[(&str, T)],
    former: &[(&str, T)],
) -> Result<T, InvalidValue> {
    let text = value.as_str().unwrap_or("");
    let choice = choices.iter().chain(former).find(|(name, _)| *name == text);
    choice.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        InvalidValue::expected(format!("one of {}", names.join(", ")))
    })
}

pub(super) fn whole(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

pub(super) fn number(value: &DeValue<'_>, least: u16, most: u16) -> Result<u16, InvalidValue> {
    whole(value)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| InvalidValue::expected(format!("a whole number from {least} to {most}")))
}

pub(super) fn bytes(value: &DeValue<'_>) -> Option<u64> {
    let from_text = || {
        let text = value.as_str()?.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text.get(..digits)?.parse().ok()?;
        let shift = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return None,
        };
        number.checked_mul(1 << shift)
    };
    whole(value).or_else(from_text)
}

pub(super) fn size(value: &DeValue<'_>) -> Result<u64, InvalidValue> {
    // A shard of the corpus holds less than 4 GiB, and the articles of a file can take more than its size.
    let limit = 1 << 30;
    bytes(value)
        .filter(|size| (1..=limit).contains(size))
        .ok_or_else(|| InvalidValue::expected("a size up to \"1 GiB\", such as \"64 MiB\""))
}

/// Parses a memory limit. Returns `None` for `auto`.
pub(super) fn memory(value: &DeValue<'_>) -> Result<Option<u64>, InvalidValue> {
    // Less does not even hold the list of a large folder.
    let least = 16 << 20;
    match value.as_str() {
        Some("auto") => Ok(None),
        _ => bytes(value)
            .filter(|size| *size >= least)
            .map(Some)
            .ok_or_else(|| InvalidValue::expected("\"auto\" or a size of at least \"16 MiB\", such as \"2 GiB\"")),
    }
}

/// Parses a text or a list of texts.
pub(super) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, InvalidValue> {
    let wrong = || InvalidValue::expected("a text or a list of texts");
    match value {
        DeValue::String(text) => Ok(vec![text.to_string()]),
        DeValue::Array(all) => {
            all.iter().map(|value| value.get_ref().as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// Parses a proxy. Returns `None` for the proxy of the environment and an empty text for no proxy.
pub(super) fn proxy(value: &DeValue<'_>) -> Result<Option<String>, InvalidValue> {
    match value.as_str() {
        Some("auto") => Ok(None),
        Some("none") => Ok(Some(String::new())),
        Some(url) if url.contains("://") => Ok(Some(url.to_owned())),
        _ => Err(InvalidValue::expected("\"auto\", \"none\" or an address")),
    }
}

/// Parses a command: a text that is split at spaces, or a list of arguments.
pub(super) fn command_words(value: &DeValue<'_>) -> Result<Vec<String>, InvalidValue> {
    match value {
        DeValue::String(text) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        _ => texts(value),
    }
}
