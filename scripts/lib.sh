# What run, test, check, fmt and install share: Debian packages, the virtual environment, progress. Sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
VENV=${VENV:-$ROOT/.venv}
PYTHON=${PYTHON:-/usr/bin/python3}

# A compiler, Python's headers, PortAudio (for pyaudio), FANN and swig (for padatious); git to install skills by URL;
# two walls around them.
RUN_PACKAGES=(python3-venv python3-dev g++ portaudio19-dev libfann-dev swig git ca-certificates libseccomp2 bubblewrap)
# A real sound server, spoken test sentences, the proof that nothing is written, the marks for the service's unit, a
# broker for the home's devices.
# shellcheck disable=SC2034  # used by scripts/test
TEST_PACKAGES=("${RUN_PACKAGES[@]}" pulseaudio pulseaudio-utils libasound2-plugins alsa-utils espeak-ng sox strace mpv
    procps systemd mosquitto mosquitto-clients)
# What shows, cuts, turns or hinders a running assistant: tracer, file systems on images, clocks, networks, sandboxes.
# shellcheck disable=SC2034  # used by scripts/prove-privacy
PROOF_PACKAGES=("${TEST_PACKAGES[@]}" strace bubblewrap e2fsprogs faketime iproute2 mount util-linux)
# These are published as source only. Everything else has to come as a wheel, so that a missing one is a clear error
# and not an hour of compiling.
SOURCE_ONLY=fann2,padaos,padatious,pyaudio,srt

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# working LABEL LOG COMMAND...: runs it with its noise in LOG, shows what it is doing and, at the end, the seconds.
working() {
    local label=$1 log=$2 start=$SECONDS pid status=0 last
    shift 2
    printf '  %s ' "$label"
    [[ -t 1 ]] && printf '\n'
    set -m # a process group of its own, so that all of it can be ended
    "$@" >>"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2064  # the id of now
    trap "kill -- -$pid 2>/dev/null; echo; exit 130" INT TERM
    if [[ -t 1 ]]; then
        while kill -0 "$pid" 2>/dev/null; do
            last=$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]')
            printf '\r\033[K    %3d s  %.60s' "$((SECONDS - start))" "${last#"${last%%[![:space:]]*}"}"
            sleep 0.3
        done
        printf '\r\033[K\033[A\r\033[K  %s ' "$label"
    fi
    wait "$pid" || status=$?
    trap - INT TERM
    if ((status)); then
        say "... failed"
        tail -n 15 "$log" >&2
        return "$status"
    fi
    say "... $((SECONDS - start)) s"
}

# as_root COMMAND...: by sudo where needed.
as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo "$@"
    fi
}

# Prints those of the named Debian packages that are not installed.
missing_packages() {
    local name have
    have=" $(dpkg-query --show --showformat='${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
    for name in "$@"; do
        [[ $have == *" installed:$name "* ]] || printf '%s ' "$name"
    done
}

# The package by which ALSA reaches the sound server of this machine, if it has one (it is 200 MB on a machine without).
sound_server_packages() {
    local missing
    missing=" $(missing_packages pulseaudio pipewire-pulse)"
    if [[ $missing != *" pulseaudio "* ]]; then
        echo libasound2-plugins
    elif [[ $missing != *" pipewire-pulse "* ]]; then
        echo pipewire-alsa
    fi
}

# need_packages NAME...: installs the missing ones.
need_packages() {
    local missing log command
    if ! command -v dpkg-query >/dev/null; then
        [[ -e $VENV/.ready ]] || say "This is not Debian: packages like these have to be there already: $*"
        return
    fi
    # shellcheck disable=SC2046  # none or one word
    missing=$(missing_packages "$@" $(sound_server_packages))
    [[ -n $missing ]] || return 0
    command="apt-get install --yes --no-install-recommends ${missing% }"
    announce
    if ((EUID != 0)) && { ! command -v sudo >/dev/null || ! sudo --validate; }; then
        fail "Debian packages are missing and you may not install them. Ask an administrator to run: $command"
    fi
    log=$(mktemp "${TMPDIR:-/tmp}/assistant-apt.XXXXXX")
    # shellcheck disable=SC2086  # words on purpose
    if working "Debian packages: ${missing% }" "$log" apt_install $missing; then
        sed -n 's/^After this operation, \(.*\) of additional disk space will be used.*/    \1 on disk/p' "$log"
        rm -f "$log"
    else
        fail "apt could not install Debian packages. All it said is in $log. To try by hand: sudo $command"
    fi
}

apt_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -o DPkg::Lock::Timeout=300 --yes)
    as_root "${apt[@]}" update && as_root "${apt[@]}" install --no-install-recommends "$@"
}

# What stands here changes when the locked packages, the project's own metadata, Python or the folder change.
fingerprint() {
    { cat "$ROOT/$1" "$ROOT/pyproject.toml"; readlink -f "$PYTHON"; echo "$VENV"; } | sha256sum | cut -c1-64
}

announced=
announce() {
    [[ -z $announced ]] || return 0
    announced=yes
    say "Making ready, once: Debian packages by apt$( ((EUID == 0)) || echo ' (sudo)'), Python packages into $VENV." \
        "Nothing else is changed."
}

# need_venv LOCK: the virtual environment holds exactly what LOCK names, and the project itself.
need_venv() {
    local lock=$1 stamp="$VENV/.ready-$1" wanted log="$VENV/set-up.log"
    wanted=$(fingerprint "$lock")
    ! is_ready "$stamp" "$wanted" || return 0
    announce
    exec 9<"$ROOT"
    flock 9 # two starts at once: the second waits and then finds all done
    if is_ready "$stamp" "$wanted"; then
        exec 9<&-
        return
    fi
    [[ -x $PYTHON ]] || fail "$PYTHON is not there. Install python3, or name another: PYTHON=/path/to/python3 $0"
    "$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
        fail "$PYTHON is $("$PYTHON" -V); needed is Python 3.11, 3.12 or 3.13. Name one: PYTHON=/path/to/python3 $0"
    if [[ -e $VENV/.unfinished ]]; then
        say "  The last set-up was interrupted: starting afresh"
        rm -rf "$VENV"
    elif [[ -d $VENV ]] && ! usable_venv; then
        say "  $VENV was made for another Python or folder: making it anew"
        rm -rf "$VENV"
    fi
    mkdir -p "$VENV" 2>/dev/null || fail "cannot write to $ROOT. Run this as the owner of that folder, $(stat -c %U "$ROOT")"
    : >"$VENV/.unfinished"
    : >"$log"
    [[ -x $VENV/bin/python ]] || working "Virtual environment" "$log" "$PYTHON" -m venv "$VENV" ||
        fail "no virtual environment. All that was said is in $log"
    working "Python packages: $(grep -c '==' "$ROOT/$lock") from $lock" "$log" pip_install "$lock" ||
        fail "Python packages could not be installed. All that pip said is in $log. Without network, try again with it"
    working "The assistant" "$log" "$VENV/bin/python" -m pip install --no-deps --no-build-isolation --editable "$ROOT" ||
        fail "the project could not be installed into $VENV. All that pip said is in $log"
    if [[ ! ${NO_TRAINING-} ]] && "$VENV/bin/assistant" intent train --help >/dev/null 2>&1; then
        working "Learning the sentences of the skills" "$log" "$VENV/bin/assistant" intent train ||
            say "  It will learn them when it starts"
    fi
    say "    $(du -sm "$VENV" | cut -f1) MB in $VENV"
    echo "$wanted" >"$stamp"
    if [[ $lock == requirements-dev.lock ]]; then # it holds all of the other, in the same versions
        fingerprint requirements.lock >"$VENV/.ready-requirements.lock"
    fi
    rm "$VENV/.unfinished"
    exec 9<&-
}

is_ready() { # STAMP FINGERPRINT
    [[ -f $1 && $(<"$1") == "$2" && -x $VENV/bin/assistant && ! -e $VENV/.unfinished ]]
}

usable_venv() {
    [[ $(readlink -f "$VENV/bin/python") == "$(readlink -f "$PYTHON")" ]] &&
        grep -qF "$VENV" "$VENV/bin/activate" 2>/dev/null && "$VENV/bin/python" -m pip --version >/dev/null 2>&1
}

pip_install() {
    local pip=("$VENV/bin/python" -m pip install --no-deps --require-hashes --retries 5 --progress-bar off)
    # What builds the others has to be there first, from the same lock: pip must not fetch unlocked build tools.
    awk '/^[a-z]/ { wanted = /^setuptools==/ } wanted' "$ROOT/$1" >"$VENV/build-tools.txt"
    "${pip[@]}" --requirement "$VENV/build-tools.txt" &&
        PYTHONPATH=$ROOT/scripts/fann2 "${pip[@]}" --no-build-isolation --use-pep517 \
            --only-binary :all: --no-binary "$SOURCE_ONLY" --requirement "$ROOT/$1"
}
