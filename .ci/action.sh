#!/usr/bin/env bash
# What the GitHub Action does: find or install gitops-lint, lint once, show what the change does, and hand the results to the
# runner. The inputs come as INPUT_* variables, as action.yml sets them; tests/action.rs runs this file.
set -euo pipefail

path=${INPUT_PATH:-.}
repository=https://github.com/gitops-lint/gitops-lint
temp=${RUNNER_TEMP:-$(mktemp -d)}

log() { printf 'gitops-lint: %s\n' "$*" >&2; }

fail() {
  log "$1"
  echo "::error title=gitops-lint::$1"
  printf 'exit-code=2\n' >> "${GITHUB_OUTPUT:-/dev/null}"
  exit 2
}

# The release archive of this runner, verified by the checksum that lies beside it. An archive that a cache restored is not
# downloaded again; its checksum is.
install_release() {
  local version=$1 machine os archive
  machine=$(uname -m | sed 's/arm64/aarch64/; s/amd64/x86_64/')
  case $(uname -s) in
    Linux) os=unknown-linux-musl ;;
    Darwin) os=apple-darwin ;;
    *) os=pc-windows-msvc ;;
  esac
  archive=gitops-lint-$machine-$os.tar.gz
  rm -rf "$temp/gitops-lint"
  mkdir -p "$temp/gitops-lint" "$temp/gitops-lint-release"
  # `set -e` says nothing where the caller asks for success, so each step asks for the one before.
  (
    cd "$temp/gitops-lint-release" &&
      rm -f "$archive.sha256" &&
      curl -fsSL --retry 3 -O "$repository/releases/download/$version/$archive.sha256" &&
      { [ -f "$archive" ] || curl -fsSL --retry 3 -O "$repository/releases/download/$version/$archive"; } &&
      check_sum "$archive.sha256" &&
      tar -xzf "$archive" -C "$temp/gitops-lint"
  ) >&2 || { rm -rf "$temp/gitops-lint-release"; return 1; }
  bin=$temp/gitops-lint/gitops-lint
}

check_sum() {
  if command -v sha256sum >/dev/null; then sha256sum -c "$1"; else shasum -a 256 -c "$1"; fi
}

build_source() {
  log "building $1"
  cargo install --quiet --locked --path "$1" --root "$temp/gitops-lint" >&2
  bin=$temp/gitops-lint/bin/gitops-lint
}

version=${INPUT_VERSION:-}
# What is installed, else the release that the workflow names the action by.
if [ -z "$version" ] && ! bin=$(command -v gitops-lint); then
  case ${GITHUB_ACTION_REF:-} in
    v[0-9]*) version=$GITHUB_ACTION_REF ;;
    *) fail "no gitops-lint is installed and no release is named: set version to a release, or to source to build it" ;;
  esac
fi
case $version in
  "") ;;
  source) build_source "${GITHUB_ACTION_PATH:?}" ;;
  *)
    install_release "$version" ||
      fail "the release $version could not be installed and verified: set version to another one, or to source to build it"
    ;;
esac
log "$("$bin" --version)"

# Rules about targetRevision ask which branches and tags the remote has; a checkout of one branch cannot tell. Depth is
# only given where the clone is shallow: it would cut off the history that a whole one has.
if [ "${INPUT_FETCH_BRANCHES:-true}" = true ] && shallow=$(git -C "$path" rev-parse --is-shallow-repository 2>/dev/null); then
  depth=()
  [ "$shallow" = false ] || depth=(--depth=1)
  git -C "$path" fetch --quiet --no-recurse-submodules "${depth[@]}" origin \
    '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' >&2 ||
    log "the branches could not be fetched: rules about revisions stay silent"
  [ "$shallow" = false ] || [ -z "${INPUT_BASE:-}" ] ||
    log "this clone is shallow, so where the branch left $INPUT_BASE is not known: check out with fetch-depth: 0"
fi

# gitops-lint itself never touches the network; it looks for charts in Helm's cache as well.
if [ "${INPUT_PREFETCH_CHARTS:-false}" = true ]; then
  command -v helm >/dev/null || { log "prefetch-charts needs helm on the runner"; exit 2; }
  cache=$(helm env HELM_REPOSITORY_CACHE)
  mkdir -p "$cache"
  "$bin" apps "$path" --missing-charts=tsv | while IFS=$'\t' read -r url name version; do
    # What manifests say are words, never options or commands.
    case $url in
      *://*) pull=(--repo "$url" --version "$version" --destination "$cache" -- "$name") ;;
      *) pull=(--version "$version" --destination "$cache" -- "oci://$url/$name") ;;
    esac
    log "helm pull $name $version from $url"
    helm pull "${pull[@]}" >&2 || log "it could not be pulled: what needs it is not rendered"
  done
fi

# What a pull request is compared with is its target; what a push is compared with is what the branch was before.
base=${INPUT_BASE:-}
if [ "$base" = auto ]; then
  base=
  if [ -n "${GITHUB_BASE_REF:-}" ]; then
    base=origin/$GITHUB_BASE_REF
  elif [ "${GITHUB_EVENT_NAME:-}" = push ] && [ -f "${GITHUB_EVENT_PATH:-}" ]; then
    before=$(grep -oE '"before": *"[0-9a-f]{40}"' "$GITHUB_EVENT_PATH" | head -n 1 | grep -oE '[0-9a-f]{40}' || true)
    # A new branch was nothing before, and a push with force may have left what is not here.
    if [ -n "$before" ] && git -C "$path" cat-file -e "$before^{commit}" 2>/dev/null; then base=$before; fi
  fi
  log "compared with ${base:-nothing: everything is reported}"
fi

# What could not be fetched is not rendered, and the report says so.
if [ "${INPUT_FETCH:-false}" = true ]; then
  fetch=(fetch "$path" --quiet)
  [ -z "${INPUT_CONFIG:-}" ] || fetch+=(--config "$INPUT_CONFIG")
  [ -z "${INPUT_FETCH_HOSTS:-}" ] || fetch+=(--allow-hosts "$INPUT_FETCH_HOSTS")
  "$bin" "${fetch[@]}" >&2 || [ $? = 1 ] || { log "fetch could not do its job"; exit 2; }
fi

arguments=(check "$path")
[ -z "${INPUT_CONFIG:-}" ] || arguments+=(--config "$INPUT_CONFIG")
[ -z "${INPUT_PRESET:-}" ] || arguments+=(--preset "$INPUT_PRESET")
[ -z "$base" ] || arguments+=(--base "$base")
[ -z "${INPUT_BASELINE:-}" ] || arguments+=(--baseline "$INPUT_BASELINE")
case ${INPUT_FAIL_ON:-error} in
  never) ;;
  *) arguments+=(--fail-on "${INPUT_FAIL_ON:-error}") ;;
esac
arguments+=(--format pretty --format github="$temp/gitops-lint.annotations")
arguments+=(--format markdown="$temp/gitops-lint.md" --format json="$temp/gitops-lint.json")
if [ -n "${INPUT_SARIF:-}" ]; then
  mkdir -p "$(dirname "$INPUT_SARIF")"
  arguments+=(--format sarif="$INPUT_SARIF")
fi
# shellcheck disable=SC2206 # white space separates arguments
[ -z "${INPUT_ARGS:-}" ] || arguments+=(${INPUT_ARGS})

code=0
CLICOLOR_FORCE=1 "$bin" "${arguments[@]}" || code=$?

output() { printf '%s=%s\n' "$1" "$2" >> "${GITHUB_OUTPUT:-/dev/null}"; }
output exit-code "$code"
if [ "$code" -ge 2 ]; then
  echo "::error title=gitops-lint::gitops-lint could not do its job, see the log"
  exit "$code"
fi
cat "$temp/gitops-lint.annotations"
cat "$temp/gitops-lint.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
# A number of the `summary` of a report.
count() { grep -oE "^    \"$2\": [0-9]+" "$temp/$1.json" | tail -1 | grep -oE '[0-9]+$'; }
errors=$(count gitops-lint errors)
warnings=$(count gitops-lint warnings)
output errors "$errors"
output warnings "$warnings"
[ -z "${INPUT_SARIF:-}" ] || output sarif "$INPUT_SARIF"

# What the change does to what is applied. That it cannot be told fails nothing: what is found is reported all the same.
failed=0
changes=0
if [ "${INPUT_DIFF:-true}" = true ] && [ -n "$base" ]; then
  page=$temp/gitops-lint-diff.html
  arguments=(diff "$base" --repo "$path" --stat --format pretty --format html="$page")
  arguments+=(--format markdown="$temp/gitops-lint-diff.md" --format json="$temp/gitops-lint-diff.json")
  [ -z "${INPUT_CONFIG:-}" ] || arguments+=(--config "$INPUT_CONFIG")
  [ -z "${INPUT_ALLOW:-}" ] || arguments+=(--allow "$INPUT_ALLOW")
  [ "${INPUT_FAIL_ON_DANGER:-never}" = never ] || arguments+=(--fail-on "$INPUT_FAIL_ON_DANGER")
  CLICOLOR_FORCE=1 "$bin" "${arguments[@]}" || failed=$?
  if [ "$failed" -ge 2 ]; then
    failed=0
    log "what the change does could not be told"
    echo "::warning title=gitops-lint::what the change does could not be told, see the log"
  else
    objects=$(count gitops-lint-diff objects)
    # Apps that are defined otherwise are worth a comment, too.
    changes=$((objects + $(count gitops-lint-diff definitions)))
    output changed-apps "$(count gitops-lint-diff apps)"
    output changed-objects "$objects"
    output dangers "$(count gitops-lint-diff dangers)"
    cat "$temp/gitops-lint-diff.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
    [ "$changes" = 0 ] || output diff-html "$page"
  fi
fi

# One comment on the pull request, which is updated in place, and removed when there is nothing to say any more. Without the
# right to write it, as in a pull request from a fork, the step summary has all of it.
case ${GITHUB_EVENT_NAME:-} in
  pull_request | pull_request_target)
    if [ "${INPUT_COMMENT:-true}" = true ] && [ -n "${INPUT_TOKEN:-}" ]; then
      comment=$temp/gitops-lint-comment.md
      : > "$comment"
      found=$((errors + warnings + $(count gitops-lint notes)))
      [ "$found" = 0 ] || cat "$temp/gitops-lint.md" >> "$comment"
      if [ "$changes" != 0 ]; then
        # Both do not always fit into one comment.
        if [ "$(cat "$comment" "$temp/gitops-lint-diff.md" | wc -c)" -gt 65000 ]; then
          head -n 1 "$temp/gitops-lint.md" > "$comment"
          printf '\nThe findings are in the step summary.\n\n' >> "$comment"
        fi
        cat "$temp/gitops-lint-diff.md" >> "$comment"
      fi
      GITHUB_ACTIONS=true GITHUB_TOKEN=$INPUT_TOKEN bash "$(dirname "${BASH_SOURCE[0]}")/comment.sh" "$comment" "$path" ||
        log "there is no comment: the step summary has it all"
    fi
    ;;
esac

[ "${INPUT_FAIL_ON:-error}" = never ] || [ "$code" = 0 ] || exit "$code"
exit "$failed"
