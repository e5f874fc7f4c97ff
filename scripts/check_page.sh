#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev dashboard --check: pages as a browser and a screen reader have them: html-validate, and axe-core in headless Chromium,
# light and dark, wide and narrow. Needs npm and Chromium.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm install --silent --no-fund --no-audit html-validate@10 axe-core@4 >/dev/null)
failed=0
for page in "$@"; do
  "$work/node_modules/.bin/html-validate" --preset standard,a11y "$page" || failed=1
  python3 - "$page" "$work" <<'PYTHON'
import re, sys
page, work = sys.argv[1:]
html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", open(page).read())
axe = open(f"{work}/node_modules/axe-core/axe.min.js").read().replace("</script", "<\\/script")
run = """axe.run().then(r => { document.title = r.passes.length + " rules passed, " + r.violations.length + " violated "
  + r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 120)).join(" | ")).join("; ") })"""
open(f"{work}/axe.html", "w").write(html.replace("</body>", f"<script>{axe}</script><script>{run}</script></body>"))
PYTHON
  for scheme in 1 0; do
    for width in 1280 500; do
      chromium --headless --no-sandbox --disable-gpu --blink-settings=preferredColorScheme=$scheme \
        --window-size=$width,1200 --virtual-time-budget=10000 --dump-dom "file://$work/axe.html" >"$work/dom" 2>/dev/null
      said=$(python3 -c 'import re, sys; print(re.search("<title>([^<]*)", open(sys.argv[1]).read())[1])' "$work/dom")
      echo "${page##*/}, $([[ $scheme == 1 ]] && echo light || echo dark), $width px: $said"
      [[ $said =~ [1-9][0-9]*\ rules\ passed,\ 0\ violated ]] || failed=1
    done
  done
done
((failed == 0)) || { echo "a page is not as it should be" >&2; exit 1; }
