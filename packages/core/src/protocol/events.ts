import { filterRule, type Rule } from './names'

/** What happened to a config document, as the last token of its events' topics. */
export type ConfigEvent = 'updated' | 'deleted'

/** The topic of an event about a document: `system.config.limits.updated`. */
export function configTopic(name: string, event: ConfigEvent): string {
  return `system.config.${name}.${event}`
}

/**
 * A pattern over topics, as filters are over keys: `system.config.*.updated`, `system.>`. One that no topic fits would
 * wait for ever: that is a mistake, and told.
 */
export const eventPatternRule: Rule = (text) => {
  const problem = filterRule(text)
  if (problem) return problem
  return fitsSomeTopic(text.split('.'))
    ? undefined
    : 'fits no event: they are system.config.<name>.updated and system.config.<name>.deleted'
}

function fitsSomeTopic(tokens: readonly string[]): boolean {
  const topic = [['system'], ['config'], undefined, ['updated', 'deleted']]
  const rest = tokens.at(-1) === '>'
  if (rest ? tokens.length > topic.length : tokens.length !== topic.length) return false
  return tokens.every((token, index) => token === '*' || token === '>' || (topic[index]?.includes(token) ?? true))
}
