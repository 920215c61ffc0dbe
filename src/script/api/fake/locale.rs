//! The locales of `fake::`, and the forms that numbers and addresses have there.

use crate::util::Stream;
use rand::RngExt;

/// A language or region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Locale {
    #[default]
    En,
    ArSa,
    CyGb,
    DeDe,
    FaIr,
    FrFr,
    ItIt,
    JaJp,
    NlNl,
    PtBr,
    PtPt,
    TrTr,
    ZhCn,
    ZhTw,
}

/// Where two share a language, the first is meant by the language alone.
pub(super) const LOCALES: [(&str, Locale); 14] = [
    ("en", Locale::En),
    ("ar_SA", Locale::ArSa),
    ("cy_GB", Locale::CyGb),
    ("de_DE", Locale::DeDe),
    ("fa_IR", Locale::FaIr),
    ("fr_FR", Locale::FrFr),
    ("it_IT", Locale::ItIt),
    ("ja_JP", Locale::JaJp),
    ("nl_NL", Locale::NlNl),
    ("pt_BR", Locale::PtBr),
    ("pt_PT", Locale::PtPt),
    ("tr_TR", Locale::TrTr),
    ("zh_CN", Locale::ZhCn),
    ("zh_TW", Locale::ZhTw),
];

impl Locale {
    /// The one that `name` means: `de`, `de_DE`, `de-de`; of English and only of it, any region.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_").to_lowercase();
        let (language, region) = name.split_once('_').unwrap_or((&name, ""));
        let fits = |known: &str| {
            let known = known.to_lowercase();
            known == name
                || known == language
                || region.is_empty() && known.split('_').next() == Some(language)
        };
        LOCALES.iter().find(|(known, _)| fits(known)).map(|(_, locale)| *locale)
    }

    /// All names, for a message.
    pub(super) fn names() -> String {
        LOCALES.map(|(name, _)| name).join(", ")
    }

    /// How telephone numbers look; `None` where the `fake` crate has the right forms.
    pub(super) fn phone_forms(self) -> Option<&'static [&'static str]> {
        match self {
            // The exchange 555-01xx is kept for fiction (ATIS-0300115).
            Self::En => Some(&["^!#-555-01##"]),
            // Kept for film and television by the Bundesnetzagentur.
            Self::DeDe => {
                Some(&["030 23125###", "069 90009###", "040 66969###", "0221 4710###", "089 99998###"])
            }
            Self::ArSa => Some(&["+966 5# ### ####"]),
            Self::ZhCn => Some(&["13# #### ####", "15# #### ####", "18# #### ####"]),
            Self::ZhTw => Some(&["09##-###-###"]),
            _ => None,
        }
    }

    /// How postal codes look.
    pub(super) fn postal_form(self) -> &'static str {
        match self {
            Self::CyGb => "CF^# #$$",
            Self::FaIr => "^#########",
            Self::JaJp => "^##-####",
            Self::NlNl => "^### $$",
            Self::PtBr => "^####-###",
            Self::PtPt => "^###-###",
            Self::ZhCn => "^#####",
            Self::ZhTw => "^##",
            Self::En | Self::ArSa | Self::DeDe | Self::FrFr | Self::ItIt | Self::TrTr => "^####",
        }
    }

    /// Whether the number of a house comes before the street.
    pub(super) fn number_first(self) -> bool {
        matches!(self, Self::En | Self::CyGb | Self::FrFr)
    }
}

/// `form` with a digit for `#`, one from 2 to 9 for `^`, one from 0 to 8 for `!` and a capital letter for `$`.
pub(super) fn fill(form: &str, stream: &mut Stream) -> String {
    let mut pick = |low: u8, high: u8| char::from(stream.random_range(low..=high));
    form.chars()
        .map(|sign| match sign {
            '#' => pick(b'0', b'9'),
            '^' => pick(b'2', b'9'),
            '!' => pick(b'0', b'8'),
            '$' => pick(b'A', b'Z'),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn locales_are_found_by_language_and_region() {
        for (name, locale) in [
            ("de", Some(Locale::DeDe)),
            ("de-DE", Some(Locale::DeDe)),
            ("DE_de", Some(Locale::DeDe)),
            ("pt", Some(Locale::PtBr)),
            ("pt_PT", Some(Locale::PtPt)),
            ("zh", Some(Locale::ZhCn)),
            ("en_GB", Some(Locale::En)),
            ("en", Some(Locale::En)),
            ("de_AT", None),
            ("", None),
            ("xx", None),
        ] {
            assert_eq!(Locale::named(name), locale, "{name}");
        }
    }
}
