import { invalid } from '@ironflow/core/errors'
import type { MethodName, Params } from '@ironflow/core/protocol'
import type { Limits } from '../options'
import type { CheckContext, Param } from './checks'
import { RULES } from './rules'

/** How many problems one answer names; a document can have any number. */
const MAX_PROBLEMS = 32

/**
 * The parameters of a call, each checked by its rule. A parameter that the method does not have is refused: a misspelt
 * `ifRevison` that was ignored would overwrite what it meant to protect.
 *
 * @throws ValidationError with everything that is wrong in `fields`
 */
export function validate<M extends MethodName>(
  method: M,
  params: Readonly<Record<string, unknown>>,
  limits: Limits,
  now: number,
): Params<M> {
  let problems: Record<string, string> | undefined
  const context: CheckContext = {
    limits,
    now,
    params,
    fail(place, problem) {
      problems ??= Object.create(null) as Record<string, string>
      if (Object.keys(problems).length < MAX_PROBLEMS) problems[place] ??= problem
    },
  }
  const rules: Readonly<Record<string, Param>> = RULES[method]
  const checked: Record<string, unknown> = {}
  for (const name in rules) {
    const rule = rules[name] as Param
    const value = params[name]
    if (value !== undefined) checked[name] = rule.check(value, context, name)
    else if (rule.required) context.fail(name, 'is required')
  }
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(rules, name)) context.fail(name, 'is not a parameter of this method')
  }
  if (checked.ifEpoch !== undefined && checked.ifRevision === undefined) context.fail('ifEpoch', 'needs ifRevision')
  if (checked.createOnly === true && checked.ifRevision !== undefined) {
    context.fail('createOnly', 'cannot go with ifRevision')
  }
  if (method === 'kv.update' && checked.ifRevision === undefined) context.fail('ifRevision', 'is required')
  if (problems) throw invalid(problems)
  return checked as Params<M>
}
