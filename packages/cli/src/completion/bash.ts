import type { CompletionTree, Node } from './tree'

/** Returns the completion script for bash, 3.2 and later. */
export function bashCompletion({ nodes, values }: CompletionTree): string {
  const paths = nodes.slice(1).map(({ path }) => `'${path}'`)
  const choices = values.choices.map(({ option, words }) => `    ${option}) words='${words.join(' ')}' ;;`)
  const cases = nodes.map((node) => `        '${node.path}') words='${wordsOf(node)}'${filesOf(node)} ;;`)
  return `# Completion of ironflow for bash. To load it: source <(ironflow completion bash)
_ironflow() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local at=ironflow words= files= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done
  case $previous in
    ${values.files.join('|')}) files=yes ;;
    ${values.free.join('|')}) return ;;
${choices.join('\n')}
    *)
      case $at in
${cases.join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $files && $current != -* ]]; then
    compopt -o filenames 2> /dev/null
    IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _ironflow ironflow
`
}

function wordsOf({ commands, options, words }: Node): string {
  return [...commands.map(({ name }) => name), ...words, ...options.map(({ name }) => name)].join(' ')
}

function filesOf({ takesFile }: Node): string {
  return takesFile ? ' files=yes' : ''
}
