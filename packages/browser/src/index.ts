export * from '@ironflow/core'
export { type BrowserClientOptions, createClient } from './client'
export { type Ironflow, ironflow } from './ironflow'
