export { CODES, codeForStatus, type ErrorCode, isErrorCode } from './codes'
export { FieldProblems } from './field-problems'
export { type ErrorInit, IronflowError, isIronflowError, tagMethod } from './ironflow-error'
export {
  ConflictError,
  ConnectionError,
  errorFor,
  invalid,
  NotFoundError,
  RateLimitError,
  TimeoutError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from './kinds'
export { normalize } from './normalize'
export { fromProblem, PROBLEM_TYPE, type Problem, toProblem } from './problem'
