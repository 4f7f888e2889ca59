//! Texts for counting instructions. They never change, because every change shifts the counts.

/// A paragraph for each script, with names, figures, quotes and dashes as news has them.
pub(crate) const SCRIPTS: [(&str, &str); 7] = [
    (
        "english",
        "The harbour board voted 5–2 on Tuesday to close the old bridge for eleven months. “Nobody likes it”, said its \
         chair, Ada Quay, “but the piers won’t wait.” Ferries will sail every ten minutes; lorries over 7.5 tonnes go \
         round by the dam. A café on the north quay has already put out more chairs. ",
    ),
    (
        "chinese",
        "港务局周二以五票对二票决定,旧桥将关闭十一个月。“没有人喜欢这个决定”,主席表示,“但是桥墩不能再等了。”渡轮每十分钟一班,\
         七点五吨以上的卡车须绕行大坝。工程预算为１２００万元,预计明年春天完工。北岸的一家咖啡馆已经摆出了更多的椅子。",
    ),
    (
        "russian",
        "Во вторник портовый совет пятью голосами против двух решил закрыть старый мост на одиннадцать месяцев. «Это никому \
         не нравится, — сказала председатель Анна Причалова, — но опоры ждать не могут». Паром будет ходить каждые 10 минут, \
         а грузовики тяжелее 7,5 тонны поедут в объезд. Ещё один рейс отправится в полночь. ",
    ),
    (
        "arabic",
        "قرر مجلس الميناء يوم الثلاثاء بأغلبية خمسة أصوات مقابل صوتين إغلاق الجسر القديم لمدة أحد عشر شهرًا. وقالت رئيسة \
         المجلس: «لا أحد يحب هذا القرار، لكنّ الدعائم لا تنتظر». وستُبحر العبّارة كل ١٠ دقائق، بينما تسلك الشاحنات الثقيلة \
         طريق السد حتى انتهاء الأعمال في الربيع المقبل. ",
    ),
    (
        "hindi",
        "बंदरगाह बोर्ड ने मंगलवार को दो के मुकाबले पाँच मतों से पुराने पुल को ग्यारह महीने के लिए बंद करने का फ़ैसला किया। अध्यक्ष ने कहा, \
         “यह किसी को पसंद नहीं है, पर खंभे और इंतज़ार नहीं कर सकते।” नाव हर १० मिनट पर चलेगी और भारी ट्रक बाँध के रास्ते जाएँगे। \
         काम अगले वसंत तक पूरा होने की उम्मीद है। ",
    ),
    (
        "thai",
        "คณะกรรมการท่าเรือลงมติเมื่อวันอังคารด้วยคะแนนห้าต่อสองให้ปิดสะพานเก่าเป็นเวลาสิบเอ็ดเดือน ประธานกล่าวว่า “ไม่มีใครชอบเรื่องนี้ \
         แต่ตอม่อรอต่อไปไม่ได้แล้ว” เรือข้ามฟากจะออกทุก ๑๐ นาที ส่วนรถบรรทุกหนักต้องอ้อมไปทางเขื่อน งานซ่อมน่าจะเสร็จในฤดูใบไม้ผลิปีหน้า ",
    ),
    (
        "vietnamese",
        "Hôm thứ Ba, hội đồng cảng bỏ phiếu 5–2 quyết định đóng cây cầu cũ trong mười một tháng. “Không ai thích điều này”, \
         bà chủ tịch nói, “nhưng các trụ cầu không thể chờ thêm.” Phà sẽ chạy mười phút một chuyến; xe tải trên 7,5 tấn phải \
         đi vòng qua đập. Một quán cà phê ở bờ bắc đã kê thêm ghế. ",
    ),
];

/// Words that articles are made of. The common ones come first.
const WORDS: [&str; 48] = [
    "the",
    "of",
    "and",
    "a",
    "to",
    "in",
    "is",
    "it",
    "for",
    "that",
    "was",
    "on",
    "as",
    "with",
    "by",
    "at",
    "from",
    "this",
    "have",
    "or",
    "an",
    "be",
    "its",
    "were",
    "harbour",
    "state",
    "bridge",
    "department",
    "council",
    "ferry",
    "market",
    "company",
    "government",
    "president",
    "parliament",
    "climate",
    "economy",
    "island",
    "storm",
    "school",
    "hospital",
    "election",
    "minister",
    "budget",
    "river",
    "telescope",
    "museum",
    "railway",
];

/// Returns a paragraph of `words` words, which depends on `seed` only.
pub(crate) fn paragraph(seed: usize, words: usize) -> String {
    let mut state = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut text = String::new();
    for number in 0..words {
        // Xorshift (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // The product of two picks prefers the first words.
        let (one, other) = (state % 48, (state >> 32) % 48);
        let word = WORDS[(one * other / 48) as usize];
        let starts_sentence = number % 12 == 0;
        if number > 0 {
            text.push_str(if starts_sentence { ". " } else { " " });
        }
        let head = word.chars().next().map(|c| if starts_sentence { c.to_ascii_uppercase() } else { c });
        text.extend(head);
        text.push_str(&word[1..]);
    }
    text + "."
}

/// Returns an article in the wire format.
pub(crate) fn wire(number: usize, paragraphs: usize) -> String {
    let (day, section) = (1 + number % 28, ["WORLD", "SCIENCE", "ECONOMY"][number % 3]);
    let headline = paragraph(number, 8);
    let mut text = format!("date 2023-{:02}-{day:02} {section}\n{headline}\n", 1 + number % 12);
    for part in 0..paragraphs {
        text.push_str(&format!("\n{}\n", paragraph(number * 31 + part, 60)));
    }
    text + &format!("\nSOURCE:Desk {}\n", number % 7)
}

/// Returns paragraphs separated by blank lines.
pub(crate) fn plain(paragraphs: usize) -> String {
    (0..paragraphs).map(|part| format!("{}\n\n", paragraph(part, 60))).collect()
}

/// Returns a Markdown document with headings, lists, quotes, links and code.
pub(crate) fn markdown(sections: usize) -> String {
    let section = |part: usize| {
        let (one, other) = (paragraph(part, 40), paragraph(part + 1_000, 8));
        format!(
            "## Section {part}\n\n{one} See [*the notes*](https://gazette.example/notes/{part}) and **bold** words.\n\n\
             - {other}\n- second `entry`\n\n> {other}\n\n```\ncode {part}\n```\n\n"
        )
    };
    "# A long report\n\n".to_owned() + &(0..sections).map(section).collect::<String>()
}

/// Returns a page with navigation around an article.
pub(crate) fn page(paragraphs: usize) -> String {
    let links: String = (0..40).map(|link| format!("<li><a href=\"/{link}\">Topic {link}</a></li>")).collect();
    let body: String = (0..paragraphs)
        .map(|part| {
            let text = paragraph(part, 60);
            format!("<p>{text} The <strong>board</strong> knows <a href=\"/note/{part}\">more</a> &amp; says so.</p>\n")
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Bridge closes | Gazette</title>\
         <meta property=\"og:title\" content=\"Bridge closes\"><style>.menu {{ color: red }}</style></head>\
         <body><header><nav class=\"menu\"><ul>{links}</ul></nav></header><main><article><h1>Bridge closes</h1>\n{body}\
         <figure><img src=\"/bridge.jpg\"><figcaption>The bridge. Photo: A. Quay</figcaption></figure></article></main>\
         <footer><ul>{links}</ul></footer></body></html>"
    )
}

/// Returns the HTML text of feed entry `number`.
fn entry_html(number: usize) -> String {
    let (one, other) = (paragraph(number, 50), paragraph(number + 5_000, 50));
    format!("<p>{one}</p><p>{other} <a href=\"https://gazette.example/{number}\">More</a> &amp; more.</p>")
}

/// Returns an RSS 2.0 document whose entries have these numbers.
pub(crate) fn rss(entries: std::ops::Range<usize>) -> String {
    let entry = |number: usize| {
        let (title, html, day) = (paragraph(number, 8), entry_html(number), 1 + number % 28);
        format!(
            "<item><title>{title}</title><link>https://gazette.example/{number}</link><guid>gazette-{number}</guid>\
             <pubDate>{day:02} Sep 2023 10:00:00 GMT</pubDate><category>World</category>\
             <description><![CDATA[{html}]]></description></item>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>Gazette</title>\
         <link>https://gazette.example/</link>{}</channel></rss>",
        entries.map(entry).collect::<String>()
    )
}

/// Returns an Atom document.
pub(crate) fn atom(entries: usize) -> String {
    let entry = |number: usize| {
        let (title, day) = (paragraph(number, 8), 1 + number % 28);
        let html = entry_html(number).replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<entry><title>{title}</title><id>urn:gazette:{number}</id><link href=\"https://gazette.example/{number}\"/>\
             <updated>2023-09-{day:02}T10:00:00Z</updated><author><name>A. Quay</name></author>\
             <content type=\"html\">{html}</content></entry>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Gazette</title>\
         <id>urn:gazette</id><updated>2023-09-30T10:00:00Z</updated>{}</feed>",
        (0..entries).map(entry).collect::<String>()
    )
}

/// Returns a JSON Feed document.
pub(crate) fn json_feed(entries: usize) -> String {
    let entry = |number: usize| {
        let (title, day) = (paragraph(number, 8), 1 + number % 28);
        let html = entry_html(number).replace('"', "\\\"");
        format!(
            "{{\"id\":\"gazette-{number}\",\"url\":\"https://gazette.example/{number}\",\"title\":\"{title}\",\
             \"content_html\":\"{html}\",\"date_published\":\"2023-09-{day:02}T10:00:00Z\",\"tags\":[\"World\"]}}"
        )
    };
    format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Gazette\",\"items\":[{}]}}",
        (0..entries).map(entry).collect::<Vec<_>>().join(",\n")
    )
}
