import { errorFor, type IronflowError, invalid } from '@ironflow/core/errors'

/*
 * The errors of every engine. Those about a bucket name it in their details, as it is stored, and not in their message:
 * what users call it only the domain knows.
 */

/** The bucket a call needs is not there. */
export function noBucket(bucket: string): IronflowError {
  return errorFor('not_found', 'there is no such bucket', { details: { bucket } })
}

/** The bucket to be made is there. */
export function bucketExists(bucket: string): IronflowError {
  return errorFor('already_exists', 'there is such a bucket already', { details: { bucket } })
}

/** A write expected another revision than the key has; 0: none. */
export function conflict(key: string, expected: number, currentRevision: number): IronflowError {
  const found = currentRevision === 0 ? 'it was never written' : `it is at ${currentRevision}`
  const wanted = expected === 0 ? 'expected no value' : `expected revision ${expected}`
  return errorFor(
    'revision_conflict',
    `${wanted} of "${key}", but ${found}; read it again and decide again, as modify() does`,
    { currentRevision },
  )
}

/** A write expected a revision of another life of the bucket, which says nothing about this one. */
export function otherLife(key: string, currentRevision: number): IronflowError {
  const message = `the expected revision of "${key}" belongs to another life of its bucket, from before it was deleted, restored or replaced; read it again`
  return errorFor('revision_conflict', message, { currentRevision })
}

/** A value is larger than its bucket takes. */
export function valueTooLarge(bytes: number, maxValueSize: number): IronflowError {
  return errorFor(
    'payload_too_large',
    `the value has ${bytes} bytes, more than its bucket takes (maxValueSize: ${maxValueSize})`,
    {
      details: { limit: 'maxValueSize', max: maxValueSize },
    },
  )
}

/** A text has half a character in it. Stored, it would come back as another. */
export function notWellFormed(): IronflowError {
  return invalid({ value: 'must be well-formed Unicode' })
}

/** A write would take a bucket beyond what it may hold. */
export function bucketFull(bucket: string, maxBytes: number): IronflowError {
  return errorFor('storage_full', `the write would take its bucket beyond the maxBytes of ${maxBytes}`, {
    details: { bucket, limit: 'maxBytes', max: maxBytes },
  })
}

/** The engine was closed before the call. */
export function engineClosed(): IronflowError {
  return errorFor('closed', 'the store is closed')
}
