//! The named sets of characters that Go's regular expressions know.

/// `[:alpha:]` and its like, all of them ASCII: what stands in a class of the `regex` crate for each.
const POSIX: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", r"\x00-\x7F"),
    ("blank", r"\t\x20"),
    ("cntrl", r"\x00-\x1F\x7F"),
    ("digit", "0-9"),
    ("graph", r"\x21-\x7E"),
    ("lower", "a-z"),
    ("print", r"\x20-\x7E"),
    ("punct", r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E"),
    ("space", r"\t\n\x0B\x0C\r\x20"),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// The class of the inside of `[:name:]`, which may begin with `^`.
pub(super) fn posix(name: &str) -> Option<String> {
    let (bar, name) = match name.strip_prefix('^') {
        Some(name) => ("^", name),
        None => ("", name),
    };
    let (_, ranges) = POSIX.iter().find(|(own, _)| *own == name)?;
    Some(format!("[{bar}{ranges}]"))
}

/// The class of `\d`, `\s`, `\w` and their opposites: ASCII only, unlike those of the `regex` crate.
pub(super) fn perl(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0C\r\x20]",
        'S' => r"[^\t\n\x0C\r\x20]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// The set of no characters.
pub(super) const NOTHING: &str = "[a&&b]";
/// The set of all of them.
pub(super) const EVERYTHING: &str = r"[\x00-\x{10FFFF}]";

const CATEGORIES: &str = "C Cc Cf Cn Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm \
                          So Z Zl Zp Zs Cased_Letter Close_Punctuation Combining_Mark Connector_Punctuation Control \
                          Currency_Symbol Dash_Punctuation Decimal_Number Enclosing_Mark Final_Punctuation Format \
                          Initial_Punctuation Letter Letter_Number Line_Separator Lowercase_Letter Mark Math_Symbol \
                          Modifier_Letter Modifier_Symbol Nonspacing_Mark Number Open_Punctuation Other Other_Letter \
                          Other_Number Other_Punctuation Other_Symbol Paragraph_Separator Private_Use Punctuation \
                          Separator Space_Separator Spacing_Mark Symbol Titlecase_Letter Unassigned Uppercase_Letter \
                          cntrl digit punct";

/// Go 1.25 and 1.26 find none whose name has two words; those before and (one hopes) after do.
const SCRIPTS: &str = "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah \
                       Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal \
                       Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform \
                       Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan \
                       Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha \
                       Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran \
                       Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi \
                       Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi \
                       Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B \
                       Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen \
                       Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive \
                       Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari \
                       Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki \
                       Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian \
                       Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene \
                       Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra \
                       Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese \
                       Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa \
                       Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho \
                       Warang_Citi Yezidi Yi Zanabazar_Square";

/// The class of `\p{name}`, or of `\P{name}` if negated; `None` if Go has no such set.
pub(super) fn unicode(name: &str, mut negated: bool) -> Option<String> {
    let mut name = name;
    if let Some(rest) = name.strip_prefix('^') {
        name = rest;
        negated = !negated;
    }
    // Go looks names up without blanks, hyphens and underscores, whatever their case.
    let canonical = |name: &str| name.replace(['_', '-', ' '], "").to_ascii_lowercase();
    let name = canonical(name);
    let known = |list: &'static str| list.split_whitespace().find(|own| canonical(own) == name);
    let bar = if negated { "^" } else { "" };
    Some(match name.as_str() {
        "any" if negated => NOTHING.to_owned(),
        "any" => EVERYTHING.to_owned(),
        "ascii" => format!(r"[{bar}\x00-\x7F]"),
        "assigned" if negated => r"\p{gc=Cn}".to_owned(),
        "assigned" => r"\P{gc=Cn}".to_owned(),
        // Half characters, which no text has.
        "cs" | "surrogate" if negated => EVERYTHING.to_owned(),
        "cs" | "surrogate" => NOTHING.to_owned(),
        "lc" => format!(r"[{bar}\p{{Lu}}\p{{Ll}}\p{{Lt}}]"),
        _ => match (known(CATEGORIES), known(SCRIPTS)) {
            (Some(category), _) => format!(r"[{bar}\p{{gc={category}}}]"),
            (None, Some(script)) => format!(r"[{bar}\p{{sc={script}}}]"),
            (None, None) => return None,
        },
    })
}
