#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What is said to persons informs and does no more. Collects every text that can reach one (literals of SQL and C++, and
what stands in HTML), in English and German, and prints those with words of dosing, diagnosis, treatment or urgency, and
pages and documents that do not carry the disclaimer. The disclaimers name such words to exclude them and are exempt.
word_rules.py [ROOT]; --test plants words and pages and fails unless each is found."""
import html
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = {
    "dosing": r"dos(?:e|es|ed|ing|age|is|en|ier\w*)|over-?dos\w*|insulin\w*|bolus\w*|inject\w*|inji[zt]\w*|spritz\w*|medic(?:ine|ines|ation|ations|ament)\w*"
              r"|medikament\w*|arznei\w*|pills?|tablets?|tabletten?|drugs?|prescri\w*|verschreib\w*|titrat\w*|metformin",
    "diagnosis": r"diagnos\w*|prognos(?:is|e|tic)\w*|disorders?|krankheits?\w*|erkrank\w*|you (?:have|suffer)|sie (?:haben|leiden an)",
    "treatment": r"treat(?:s|ed|ing|ments?)?|behandel\w*|behandl\w*|therap\w*|cures?|cured|heil(?:en|t|ung)\w*|you (?:should|must|need to)|sie (?:sollten|müssen)"
                 r"|eat (?:less|more|only)|essen sie",
    "urgency": r"urgen\w*|dringend\w*|emergenc\w*|notf[aä]ll\w*|notruf\w*|notarzt\w*|triage\w*|immediately|sofort\w*|umgehend\w*|danger\w*|gef[aä]hr\w*"
               r"|gefahr\w*|hospitals?|krankenh\w*|ambulance|doctor|[aä]rzt\w*|arzt|life-threatening|lebensbedrohlich\w*|warning signs?",
}
WORDS = {kind: re.compile(rf"(?<![\w-])(?:{pattern})(?!\w)", re.I) for kind, pattern in KINDS.items()}
DISCLAIMER = "src/core/base/disclaimer.hpp"
# What names such words to exclude them, as the disclaimers do, and whom to ask.
EXEMPT = ["never for dosing, diagnosis or triage", "Behandlungsteam"]
# What a function makes, told by its name and body (one after the other).
MAKES = {"page": r"html_page\(", "document": r"^\w+_json\n|^\w+_markdown\n", "plot that stands alone": r"picture_svg\(\w+, [a-z]"}
PIECES = ["html_page", "picture_svg"]  # what the makers call
PERSONS_PAGES = {
    "docs/about-these-forecasts.md": ["They are not a medical device.", "must not be used to decide about insulin", "kein Medizinprodukt",
                                      "darf nicht dazu dienen, über Insulin"],
    "docs/how-to/read-a-report.md": ["It is not a medical device and must not be used for dosing insulin or other medicine, for diagnosis, or for triage.",
                                     "kein Medizinprodukt und darf nicht zur Dosierung"],
    "docs/how-to/read-a-forecast.md": ["A forecast is information only. Never dose insulin or other medicine by it, never diagnose or triage by it."],
}


def squeezed(text):
    return " ".join(text.split())


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def files(root, folders, endings):
    for folder in folders:
        for here, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(here, name), root)


CPP = re.compile(r'(?P<gone>//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*|\'(?:[^\'\\\n]|\\.)*\')'
                 r'|R"(?P<tag>[^(\s]*)\((?P<raw>.*?)\)(?P=tag)"|"(?P<text>(?:[^"\\\n]|\\.)*)"', re.M | re.S)
SQL = re.compile(r"(?P<gone>--[^\n]*|/\*.*?\*/|\"[^\"]*\")|\$(?P<tag>\w*)\$(?P<body>.*?)\$(?P=tag)\$"
                 r"|'(?P<text>(?:[^']|'')*)'", re.S)


def literals(source, pattern, between, unescape):
    """Literals with the line they begin in; those that only `between` keeps apart are one."""
    last_end, line, parts = None, 0, []
    for found in pattern.finditer(source):
        if found["gone"] is not None:
            continue
        if pattern is SQL and found["body"] is not None:
            before = source.count("\n", 0, found.start("body"))
            yield from ((before + at, text) for at, text in literals(found["body"], SQL, between, unescape))
            continue
        text = found["text"] if found["text"] is not None else found["raw"]
        gap = None if last_end is None else re.sub(r"--[^\n]*|//[^\n]*|/\*.*?\*/", "", source[last_end:found.start()], flags=re.S)
        if parts and not re.fullmatch(between, gap):
            yield line, "".join(parts)
            parts = []
        if not parts:
            line = source.count("\n", 0, found.start()) + 1
        parts.append(unescape(text))
        last_end = found.end()
    if parts:
        yield line, "".join(parts)


def cpp_plain(text):
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text).replace("\\n", "\n").replace('\\"', '"')


def markup_texts(source):
    plain = re.sub(r"<(style|script)\b.*?</\1>|<!--.*?-->", " ", source, flags=re.S)
    for found in re.finditer(r'\b(?:alt|title|aria-label|content|placeholder)="([^"]*)"', plain):
        yield plain.count("\n", 0, found.start()) + 1, found[1]
    # Words go on over the elements of a paragraph.
    yield 1, html.unescape(re.sub(r"<[^>]*>", " ", plain))


def texts(root):
    """(path, line, text) of whatever can reach a person."""
    for path in files(root, ["src"], (".cpp", ".hpp", ".inc")):
        yield from ((path, line, text) for line, text in literals(read(root, path), CPP, r"\s*", cpp_plain))
    for path in files(root, ["sql", "demo"], (".sql",)):
        yield from ((path, line, text) for line, text in
                    literals(read(root, path), SQL, r"[\s|E]*", lambda text: text.replace("''", "'").replace("\\n", "\n")))
    for path in files(root, ["src", "sql", "demo", "docs"], (".html", ".htm", ".svg")):
        yield from ((path, line, text) for line, text in markup_texts(read(root, path)))


def disclaimers(root):
    """By language, as base/disclaimer.hpp has them."""
    found = [text for _, text in literals(read(root, DISCLAIMER), CPP, r"\s*", cpp_plain)]
    return {lang: squeezed(text) for lang, text in zip(found, found[1:]) if re.fullmatch("[a-z]{2}", lang)}


def wrong_words(root):
    said = list(disclaimers(root).values())
    for path, line, text in texts(root):
        text = squeezed(text)
        for exempt in said + EXEMPT:
            text = text.replace(exempt, " ")
        for kind, word in WORDS.items():
            if found := word.search(text):
                yield f'{path}:{line}: a word of {kind}: "{found[0]}" in "{text[max(0, found.start() - 40):found.end() + 40]}"'


def sql_functions(source):
    """(name, what it returns and does, its comment)"""
    for found in re.finditer(r"^CREATE FUNCTION glucose\.(\w+)\((.*?)(?=^CREATE |\Z)", source, re.M | re.S):
        definition, _, comment = found[2].partition("COMMENT ON FUNCTION")
        yield found[1], re.sub(r"--[^\n]*", "", definition), comment


def undisclaimed(root):
    """Pages, documents and plots of forecasts that end without the disclaimer, and rows whose comment does not ask for it."""
    for path in files(root, ["sql"], (".sql",)):
        for name, definition, comment in sql_functions(read(root, path)):
            makes = [what for what, pattern in MAKES.items() if re.search(pattern, f"{name}\n{definition}", re.S)]
            if makes and name not in PIECES and "disclaimer" not in definition:
                yield f"{path}: {name}() makes a {makes[0]} without the disclaimer"
            if re.search(r"RETURNS TABLE \(.*\blower real, upper real", definition, re.S) and "disclaimer" not in comment \
                    and not comment.split("IS", 1)[-1].lstrip().startswith("'Internal:"):
                yield f"{path}: {name}() forecasts, and its comment does not say to show disclaimer()"
    for path in files(root, ["src"], ("document.cpp",)):
        if '"disclaimer"' not in read(root, path):
            yield f"{path}: makes a document without the disclaimer"
    for path, wanted in PERSONS_PAGES.items():
        if os.path.exists(os.path.join(root, path)):
            page = squeezed(read(root, path).replace("**", ""))
            yield from (f'{path}: does not say "{words}"' for words in wanted if words not in page)
    for path in files(root, ["docs", "demo"], (".html", ".htm")):
        page = squeezed(html.unescape(re.sub(r"<[^>]*>", " ", read(root, path))))
        if not any(text in page for text in disclaimers(root).values()):
            yield f"{path}: a page without the disclaimer"


PLANTED = {  # what is found when it is written there; None: nothing
    "src/core/a.cpp": ('const char* a = "take a higher d" "ose";', "dosing"),
    "src/core/b.cpp": ('auto b = R"(This is an emergency.)";', "urgency"),
    "src/core/c.hpp": ('inline constexpr const char* c = "Sie sollten sofort messen";', "treatment"),
    "src/core/d.cpp": ("// insulin is what a comment may speak of\nauto d = \"glucose\";  /* diagnosis */", None),
    "src/pg/e.cpp": ('errmsg("glucose is low"), errhint("Call your doctor.")', "urgency"),
    "src/pg/f_document.cpp": ('json_text(&out, "predictions", x);', "without the disclaimer"),
    "src/pg/g_document.cpp": ('json_text(&out, "disclaimer", x);', None),
    "sql/a.sql": ("SELECT 'Nehmen Sie 2 Einheiten Insul' ||\n  'in';", "dosing"),
    "sql/b.sql": ("CREATE FUNCTION glucose.b() AS $fn$ BEGIN RETURN 'a Diagnosis of diabetes'; END $fn$;", "diagnosis"),
    "sql/c.sql": ("SELECT E'Ihre Behandlung'; -- therapy", "treatment"),
    "sql/d.sql": ("-- a dose\nSELECT 'Ask your care team.', 'Behandlungsteam', 'undosed ranges';", None),
    "sql/e.sql": ("CREATE FUNCTION glucose.e() RETURNS text AS $fn$ SELECT glucose.html_page('t', '', '', '') $fn$;", "without the disclaimer"),
    "sql/f.sql": ("CREATE FUNCTION glucose.f_json(x uuid) RETURNS jsonb AS $fn$ SELECT '{}'::jsonb $fn$;", "without the disclaimer"),
    "sql/g.sql": ("CREATE FUNCTION glucose.g() RETURNS TABLE (mg_dl real, lower real, upper real) AS 'x';\n"
                  "COMMENT ON FUNCTION glucose.g() IS 'Forecasts.';", "does not say to show disclaimer()"),
    "sql/h.sql": ("CREATE FUNCTION glucose.h() RETURNS text AS $fn$ SELECT glucose.html_page('t', '', '', glucose.disclaimer('en')) $fn$;", None),
    "sql/i.sql": ("SELECT 'You ''should'' eat less';", "treatment"),
    "docs/a.html": ("<p>Inject <b>now</b></p>", "dosing"),
    "docs/b.html": ('<img alt="urgent">{}', "urgency"),
    "docs/c.html": ("<p>{}</p>", None),
    "docs/d.html": ("<p>Glucose is 100 mg/dL.</p>", "without the disclaimer"),
    "docs/e.svg": ("<svg><text>Notfall</text></svg>", "urgency"),
    "docs/about-these-forecasts.md": ("# About\nThey are good.", "does not say"),
}


def test():
    with tempfile.TemporaryDirectory() as root:
        for path in [DISCLAIMER, *PLANTED]:
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            words = read(ROOT, DISCLAIMER) if path == DISCLAIMER else PLANTED[path][0].replace("{}", disclaimers(ROOT)["de"])
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(words)
        found = list(findings(root))
    bad = []
    for path, (_, wanted) in PLANTED.items():
        of_it = [what for what in found if what.startswith(path + ":")]
        if (wanted is None and of_it) or (wanted is not None and not any(wanted in what for what in of_it)):
            bad.append(f"{path}: wanted {wanted}, found {of_it}")
    bad += [f"where nothing was planted: {what}" for what in found if what.startswith(DISCLAIMER)]
    return bad


def findings(root):
    yield from wrong_words(root)
    yield from undisclaimed(root)


def main(arguments):
    bad = test() if arguments == ["--test"] else list(findings(*(arguments or [ROOT])))
    print("\n".join(bad), end="\n" if bad else "")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
