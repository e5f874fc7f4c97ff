# SPDX-License-Identifier: PostgreSQL
"""Reads the pages: which there are, and the blocks of a page with the markers that stand before them.

A marker is an HTML comment on a line of its own. `<!-- snippets KEY=VALUE … -->` holds from there to the end of the page:
role=NAME (who runs the blocks), database=empty (begin without the extension; at the top only). `<!-- snippet … -->`
holds for the next block: role=NAME, error=SQLSTATE (its last statement must fail so), wait (until background
trainings have ended), output (this block shows what the block before it printed; … stands for anything)."""
import dataclasses
import glob
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE_KEYS = {"role", "database"}
BLOCK_KEYS = {"role", "error", "wait", "output"}


@dataclasses.dataclass
class Block:
    line: int                   # of the opening fence, from 1
    language: str
    text: list                  # its lines, without the indentation of the fence
    role: str
    marks: dict

    @property
    def end(self):              # line of the closing fence
        return self.line + len(self.text) + 1


def pages():
    """What people read, as paths from the root. The chapters in sql/ are read, and run, as docs/reference.md."""
    found = ["README.md", "CONTRIBUTING.md", *glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True)]
    return sorted(path for path in found if os.path.exists(os.path.join(ROOT, path)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def marks(words, known, where):
    found = dict(word.split("=", 1) if "=" in word else (word, "") for word in words.split())
    unknown = set(found) - known
    if unknown:
        raise SystemExit(f"{where}: unknown marker {', '.join(sorted(unknown))}")
    return found


def blocks(path):
    """Yields the page's settings first, then its fenced blocks."""
    settings = {"role": "postgres", "database": "ready"}
    found, pending, fence, block = [], {}, None, None
    for number, line in enumerate(read(path), 1):
        where = f"{path}:{number}"
        if block is not None:
            if re.fullmatch(rf"\s*{fence}\s*", line):
                found.append(block)
                block = None
            else:
                block.text.append(line[indent:] if not line[:indent].strip() else line)
        elif match := re.match(r"( *)(```+)(\w*)\s*$", line):
            indent, fence = len(match[1]), match[2]
            block = Block(number, match[3], [], pending.get("role", settings["role"]), pending)
            pending = {}
        elif match := re.fullmatch(r"\s*<!-- snippets (.*) -->\s*", line):
            settings.update(marks(match[1], PAGE_KEYS, where))
        elif match := re.fullmatch(r"\s*<!-- snippet (.*) -->\s*", line):
            pending = marks(match[1], BLOCK_KEYS, where)
    if block is not None:
        raise SystemExit(f"{path}:{block.line}: a block that is not closed")
    return settings, found


def headings(lines):
    """Yields each heading with its anchor, as GitHub names it; the second of a name gets a number."""
    seen, fenced = {}, False
    for line in lines:
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (match := re.match(r"#+ (.*)", line)):
            slug = re.sub(r"[^\w\- ]", "", match[1].lower()).replace(" ", "-")
            seen[slug] = seen.get(slug, -1) + 1
            yield match[1], slug + (f"-{seen[slug]}" if seen[slug] else "")
