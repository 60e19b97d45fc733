#!/usr/bin/env bash
# The environment: a virtual one in $1, made by the Python in $2 (or the first one found that is new enough),
# with requirements.txt installed as pinned and faaslab in editable mode. Made again when requirements.txt changes.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
wanted=${2:-}
# make puts the environment's own programs first on PATH; the Python that makes it again must be another one.
case $venv in /*) own=$venv ;; *) own=$PWD/$venv ;; esac
PATH=${PATH#"$own/bin:"}

fail() { printf 'faaslab: %s\n' "$@" >&2; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if ! cmp -s <(cat requirements.txt constraints.txt) "$venv/requirements.installed"; then
    python=
    for candidate in ${wanted:-python3 python3.13 python3.12 python3.11 python}; do
        if new_enough "$candidate"; then python=$candidate; break; fi
    done
    [ -n "$python" ] || fail "no Python 3.11 or newer was found (looked for: ${wanted:-python3, python3.11 to 3.13, python})." \
        "Install one, or name it: make book PYTHON=/path/to/python3.11"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$("$python" --version) has no venv module. On Debian and Ubuntu: apt install python3-venv"

    echo "Making the environment in $venv with $("$python" --version). This takes some minutes, once."
    rm -rf "$venv"
    "$python" -m venv "$venv"
    # Of pip's messages one short line a package is shown; errors go past the filter.
    "$venv/bin/python" -m pip install --disable-pip-version-check -r requirements.txt |
        sed -unE 's/^(Collecting [^ ]+).*/\1/p; s/^Installing collected.*/Installing all of them/p' ||
        fail "the packages of requirements.txt could not be installed; the reason stands above." \
            "A first run needs a network and about 2 GB of disk. When both are there, run the same command again."
    "$venv/bin/python" -c 'import matplotlib.pyplot' 2>/dev/null
    cat requirements.txt constraints.txt >"$venv/requirements.installed"
fi

if ! cmp -s pyproject.toml "$venv/pyproject.installed"; then
    echo "Installing faaslab in editable mode."
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e . ||
        fail "faaslab itself could not be installed; the reason stands above."
    cp pyproject.toml "$venv/pyproject.installed"
fi
