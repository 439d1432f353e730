import type { CompletionTree, Node } from './tree'

/** Returns the completion script for fish. */
export function fishCompletion({ nodes, values }: CompletionTree): string {
  const paths = nodes.slice(1).map(({ path }) => quoted(path))
  return `# Completion of ironflow for fish. To load it: ironflow completion fish | source
function __ironflow_at --argument-names wanted
  set --local at ironflow
  for word in (commandline --tokenize --current-process --cut-at-cursor)[2..-1]
    switch "$at $word"
      case ${paths.join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$wanted"
end
complete --command ironflow --no-files
${nodes.flatMap((node) => linesOf(node, values)).join('\n')}
`
}

function linesOf({ path, commands, options, words, takesFile }: Node, values: CompletionTree['values']): string[] {
  const start = `complete --command ironflow --condition ${quoted(`__ironflow_at ${quoted(path)}`)}`
  return [
    ...commands.map(({ name, summary }) => `${start} --arguments ${name} --description ${quoted(summary)}`),
    ...words.map((word) => `${start} --arguments ${word}`),
    ...(takesFile ? [`${start} --force-files`] : []),
    ...options.map(({ name, summary }) => {
      const long = `${start} --long-option ${name.slice('--'.length)} --description ${quoted(summary)}`
      return long + parameterOf(name, values)
    }),
  ]
}

/** The part of a line that says what an option takes. */
function parameterOf(option: string, { files, choices, free }: CompletionTree['values']): string {
  if (files.includes(option)) return ' --require-parameter --force-files'
  const words = choices.find((each) => each.option === option)?.words
  if (words) return ` --exclusive --arguments ${quoted(words.join(' '))}`
  return free.includes(option) ? ' --exclusive' : ''
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
