#!/usr/bin/env bash
# Keeps one comment on a pull request: .ci/comment.sh FILE [KEY]
#
# FILE holds Markdown, and may be empty: then the comment is removed, if there is one. KEY tells comments of one pull request
# apart. GitHub, GitLab and Azure Pipelines are told by the variables that their runners set; beside these it needs
# GITHUB_TOKEN (pull-requests: write), GITLAB_TOKEN (a project's access token with the scope `api`) or SYSTEM_ACCESSTOKEN.
# tests/comment.rs runs this file against a server of its own. Exit codes: 0 done, 1 it could not be written.
set -euo pipefail

file=${1:?"usage: comment.sh FILE [KEY]"}
marker="<!-- gitops-lint $(printf '%s' "${2:-.}" | tr -c 'A-Za-z0-9._/' _) -->"

log() { printf 'gitops-lint: %s\n' "$*" >&2; }
for tool in curl jq; do
  command -v "$tool" >/dev/null || { log "a comment needs $tool"; exit 1; }
done

# The token comes in a configuration of curl, because arguments can be seen by other processes.
ask() {
  local method=$1 url=$2 retries=0
  shift 2
  # What was written although the answer is lost must not be written again.
  [ "$method" != GET ] || retries=2
  curl -sS --fail --max-time 60 --retry "$retries" --request "$method" --config <(printf 'header = "%s"\n' "$header") \
    -H 'Content-Type: application/json' "$@" "$url"
}
body() { { printf '%s\n' "$marker"; cat "$file"; } | jq -Rs "$1"; }

# The first id on the pages of a list that a filter gives.
find_on_pages() {
  local url=$1 filter=$2 page=1 answer id
  while [ "$page" -le 30 ]; do
    answer=$(ask GET "$url?per_page=100&page=$page") || return 1
    id=$(jq -r --arg marker "$marker" "first(.[] | $filter | .id) // empty" <<< "$answer")
    [ -z "$id" ] || { printf '%s' "$id"; return; }
    [ "$(jq length <<< "$answer")" = 100 ] || return 0
    page=$((page + 1))
  done
}

# Writes, changes or removes: where comments are made, where the one that is there is; how it is changed; what is sent.
keep() {
  local there=$1 here=$2 method=$3 made=$4 changed=$5
  if [ -s "$file" ]; then
    if [ -n "$here" ]; then body "$changed" | ask "$method" "$here" --data-binary @- >/dev/null
    else body "$made" | ask POST "$there" --data-binary @- >/dev/null; fi
  elif [ -n "$here" ]; then
    ask DELETE "$here" >/dev/null
  fi || { log "the comment could not be written"; exit 1; }
}

if [ -n "${GITHUB_ACTIONS:-}" ]; then
  header="Authorization: Bearer ${GITHUB_TOKEN:?}"
  number=$(jq -r '.pull_request.number // .number // empty' "${GITHUB_EVENT_PATH:?}")
  [ -n "$number" ] || { log "this is no pull request"; exit 1; }
  comments=${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:?}/issues
  # Whoever else quotes the marker does not get the comment.
  known='select((.body | startswith($marker)) and (.user.type == "Bot" or (.author_association | IN("OWNER", "MEMBER", "COLLABORATOR"))))'
  id=$(find_on_pages "$comments/$number/comments" "$known") || { log "the comments cannot be read"; exit 1; }
  keep "$comments/$number/comments" "${id:+$comments/comments/$id}" PATCH '{body: .}' '{body: .}'
elif [ -n "${GITLAB_CI:-}" ]; then
  header="PRIVATE-TOKEN: ${GITLAB_TOKEN:?}"
  [ -n "${CI_MERGE_REQUEST_IID:-}" ] || { log "this is no merge request"; exit 1; }
  notes=${CI_API_V4_URL:?}/projects/${CI_PROJECT_ID:?}/merge_requests/$CI_MERGE_REQUEST_IID/notes
  id=$(find_on_pages "$notes" 'select((.body | startswith($marker)) and (.system | not))') ||
    { log "the comments cannot be read"; exit 1; }
  keep "$notes" "${id:+$notes/$id}" PUT '{body: .}' '{body: .}'
elif [ -n "${TF_BUILD:-}" ]; then
  header="Authorization: Bearer ${SYSTEM_ACCESSTOKEN:?}"
  [ -n "${SYSTEM_PULLREQUEST_PULLREQUESTID:-}" ] || { log "this is no pull request"; exit 1; }
  project=$(jq -rn --arg name "${SYSTEM_TEAMPROJECT:?}" '$name | @uri')
  threads=${SYSTEM_COLLECTIONURI:?}$project/_apis/git/repositories/${BUILD_REPOSITORY_ID:?}/pullRequests/$SYSTEM_PULLREQUEST_PULLREQUESTID/threads
  version="?api-version=7.1"
  answer=$(ask GET "$threads$version") || { log "the comments cannot be read"; exit 1; }
  known='first(.value[] | select(.isDeleted | not) | . as $thread | .comments[0] | select((.isDeleted | not) and (.content // "" | startswith($marker))) | "\($thread.id)/comments/\(.id)") // empty'
  id=$(jq -r --arg marker "$marker" "$known" <<< "$answer")
  # A thread that is closed asks nobody for an answer.
  keep "$threads$version" "${id:+$threads/$id$version}" PATCH \
    '{comments: [{parentCommentId: 0, content: ., commentType: 1}], status: 4}' '{content: .}'
else
  log "neither GitHub, GitLab nor Azure Pipelines runs this"
  exit 1
fi
