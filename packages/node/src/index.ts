export * from '@ironflow/core'
export { createClient } from './client'
