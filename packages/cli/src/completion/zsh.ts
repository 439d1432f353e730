import type { CompletionTree, Node, Word } from './tree'

/** Returns the completion script for zsh. It works when sourced, and as a file `_ironflow` in a folder of `fpath`. */
export function zshCompletion({ nodes, values }: CompletionTree): string {
  const paths = nodes.slice(1).map(({ path }) => quoted(path))
  const choices = values.choices.map(({ option, words }) => `    ${option}) compadd -- ${words.join(' ')}; return ;;`)
  return `#compdef ironflow
# Completion of ironflow for zsh. To load it: source <(ironflow completion zsh)
_ironflow() {
  local at=ironflow word
  local -a offered options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    ${values.files.join('|')}) _files; return ;;
    ${values.free.join('|')}) return ;;
${choices.join('\n')}
  esac
  case $at in
${nodes.map(caseOf).join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe option options
  elif (( \${#offered} )); then
    _describe command offered
  fi
}
if [[ "\${funcstack[1]}" == _ironflow ]]; then
  _ironflow "$@"
else
  compdef _ironflow ironflow
fi
`
}

function caseOf({ path, commands, options, words, takesFile }: Node): string {
  const offered = [...commands, ...words.map((name) => ({ name, summary: '' }))]
  const files = takesFile ? '; [[ "$words[CURRENT]" == -* ]] || _files' : ''
  return `    ${quoted(path)}) offered=(${described(offered)}); options=(${described(options)})${files} ;;`
}

function described(words: readonly Word[]): string {
  return words.map(({ name, summary }) => quoted(summary === '' ? name : `${name}:${summary}`)).join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
