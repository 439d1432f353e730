import { FieldProblems } from '@ironflow/core/errors'
import type { MethodName, Params } from '@ironflow/core/protocol'
import type { Limits } from '../limits'
import type { CheckContext, Param } from './checks'
import { RULES } from './rules'

/**
 * The parameters of a call, each checked by its rule. A parameter that the method does not have is refused: a misspelt
 * `ifRevison` that was ignored would overwrite what it meant to protect.
 *
 * @throws ValidationError with what is wrong in `fields`
 */
export function validate<M extends MethodName>(
  method: M,
  params: Readonly<Record<string, unknown>>,
  limits: Limits,
  now: number,
): Params<M> {
  const problems = new FieldProblems()
  const fail = (place: string, problem: string) => problems.add(place, problem)
  const context: CheckContext = { limits, now, params, problems, fail }
  const rules: Readonly<Record<string, Param>> = RULES[method]
  const checked: Record<string, unknown> = {}
  for (const name in rules) {
    const rule = rules[name] as Param
    const value = params[name]
    if (value !== undefined) checked[name] = rule.check(value, context, name)
    else if (rule.required) fail(name, 'is required')
  }
  for (const name of Object.keys(params)) {
    if (!Object.hasOwn(rules, name)) fail(name, 'is not a parameter of this method')
  }
  if (checked.ifEpoch !== undefined && checked.ifRevision === undefined) fail('ifEpoch', 'needs ifRevision')
  if (checked.createOnly === true && checked.ifRevision !== undefined) {
    fail('createOnly', 'cannot go with ifRevision')
  }
  problems.throwIfAny()
  return checked as Params<M>
}
