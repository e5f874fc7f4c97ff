#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Forecasts beside what a user would pick from Debian: PL/Python with numpy, XGBoost or PyTorch, and FastAPI; in turns.
#   run.sh [--quick] [--publish] [PART…]
# Parts: calls growth clients first memory sets lstm retraining inserts; all of them unless named. --quick: few persons and
# short slices, to see that it works. --publish: also into bench/results/peers.md. Prints Markdown and leaves
# it, with the figures as JSON, in build/bench/peers.*. Environment: PERSONS 200, DAYS 60, FEW 4 (persons of each kind of
# growth), LONG_DAYS 1000, ROUNDS 7, SECONDS_EACH 2, PINNED 1 (one client and its backend have a core each).
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
if [[ " $* " == *" --quick "* ]]; then
  : "${PERSONS:=16}" "${FEW:=2}" "${LONG_DAYS:=150}" "${ROUNDS:=3}" "${SECONDS_EACH:=1}"
fi
export PERSONS=${PERSONS:-200} DAYS=${DAYS:-60} FEW=${FEW:-4} LONG_DAYS=${LONG_DAYS:-1000}
mkdir -p "$root/build/bench"

"$root/dev" deps peers >&2
"$root/dev" build release >&2
"$root/bench/core/run.sh" --benchmark_list_tests >/dev/null
work=$(mktemp -d "${TMPDIR:-/tmp}/peers.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$here/network.py" "$work/"

# The server's Python, the service and the driver are Debian's, on one thread each.
export PATH=/usr/bin:/bin:$PATH PYTHONPATH=$work PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# PyTorch runs on whichever libblas.so.3 is found first: this one, whatever the alternatives say. Where it does not know
# the CPU it falls back to a kernel without AVX; then it is told.
openblas=/usr/lib/$(gcc -print-multiarch)/openblas-pthread
export LD_LIBRARY_PATH=$openblas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
kernel() {
  python3 -c 'import ctypes
name = ctypes.CDLL("libblas.so.3").openblas_get_corename
name.restype = ctypes.c_char_p
print(name().decode())'
}
by_itself=$(kernel)
if [[ -z ${OPENBLAS_CORETYPE+set} && $by_itself =~ ^(Prescott|Core2|Nehalem|Barcelona)$ ]]; then
  if grep -qw avx512vl /proc/cpuinfo; then export OPENBLAS_CORETYPE=SkylakeX
  elif grep -qw avx2 /proc/cpuinfo; then export OPENBLAS_CORETYPE=Haswell; fi
fi
KERNEL=$(kernel)
[[ $KERNEL == "$by_itself" ]] || KERNEL+=" (told by OPENBLAS_CORETYPE; by itself it took $by_itself)"
export KERNEL

stage_preset=release
cluster_settings="shared_buffers = '2GB'
max_connections = 150
max_wal_size = '8GB'
checkpoint_timeout = '1h'
fsync = on
autovacuum = off"
cluster_start
trap 'rm -rf "$work"; cluster_stop' EXIT
head -n 1 "$cluster/postmaster.pid" >"$work/postmaster"
prepare_started=$SECONDS
createdb_with_glucose bench
createdb_with_glucose fresh
echo "== persons and their models" >&2
in_db bench -qAt -v persons="$PERSONS" -v days="$DAYS" -v few="$FEW" -v long_days="$LONG_DAYS" -f "$here/prepare.sql" >/dev/null
in_db bench -qAt -f "$here/plain.sql" -f "$here/plpython.sql" >/dev/null
in_db fresh -qAt -v persons=$((PERSONS + 2 * FEW)) -f "$here/fresh.sql" -f "$here/plain.sql" >/dev/null
echo "== prepared in $((SECONDS - prepare_started)) s" >&2
COMMIT=$(git -C "$root" describe --always --dirty) python3 -B "$here/bench.py" "$bin" "$work" "$root" "$@"
