// Gives each rule (`GRAM-4`) and each choice (`D1`) an anchor where it is defined, and makes each mention of a rule a
// link to it. Without scripts the pages read the same, only without these links.
(function () {
    "use strict";
    const PAGES = {
        "1-grammar": ["GRAM", "QUO"],
        "2-matching": ["MATCH", "VAR"],
        "3-conditions": ["COND"],
        "4-keys": ["KEY"],
        "5-evaluation": ["EVAL", "XACC", "SCP", "RCP", "VPCE", "KMS", "TRUST", "STS", "S3", "SSO"],
        "6-outcomes": ["OUT", "SIM"],
        "7-access-analyzer": ["AA"],
        "8-inputs": ["IN"],
    };
    const FAMILIES = Object.values(PAGES).flat().join("|");
    const root = typeof path_to_root === "string" ? path_to_root : "";

    const isId = new RegExp(`^(?:(?:${FAMILIES})-\\d{1,3}|[A-Z]\\d{1,2})(?= |$)`);
    for (const place of document.querySelectorAll("td:first-child, main p")) {
        const found = place.textContent.match(isId);
        if (!found || document.getElementById(found[0])) continue;
        place.id = found[0];
        if (place.matches("td")) place.classList.add("id");
    }

    const mention = new RegExp(`\\b(${FAMILIES})-\\d{1,3}\\b`, "g");
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
        if (text.parentElement.closest("a, pre, h1, h2, h3, td.id")) continue;
        const pieces = [];
        let end = 0;
        for (const found of text.data.matchAll(mention)) {
            const link = document.createElement("a");
            const page = Object.keys(PAGES).find((name) => PAGES[name].includes(found[1]));
            link.href = `${root}spec/${page}.html#${found[0]}`;
            link.textContent = found[0];
            pieces.push(text.data.slice(end, found.index), link);
            end = found.index + found[0].length;
        }
        if (end > 0) text.replaceWith(...pieces, text.data.slice(end));
    }

    // The place exists only now.
    const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (wanted) wanted.scrollIntoView();
})();
