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
    const ID = /^(?:[A-Z][A-Z0-9]+-\d{1,3}|[A-Z]\d{1,2})(?= |$)/;
    for (const place of document.querySelectorAll("td:first-child, main p")) {
        const found = place.textContent.match(ID);
        if (found && !document.getElementById(found[0])) place.id = found[0];
    }
    const root = typeof path_to_root === "string" ? path_to_root : "";
    for (const code of document.querySelectorAll("main code")) {
        const found = code.textContent.match(/^([A-Z][A-Z0-9]+)-\d{1,3}$/);
        const page = found && Object.keys(PAGES).find((name) => PAGES[name].includes(found[1]));
        if (!page || code.closest("a, pre")) continue;
        const link = document.createElement("a");
        link.href = `${root}spec/${page}.html#${code.textContent}`;
        code.replaceWith(link);
        link.append(code);
    }
    // The place exists only now.
    const wanted = location.hash && document.getElementById(location.hash.slice(1));
    if (wanted) wanted.scrollIntoView();
})();
