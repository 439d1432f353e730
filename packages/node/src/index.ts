export * from '@ironflow/core'
export { createClient, type NodeClientOptions } from './client'
export type { NetworkOptions, Pem, TlsOptions } from './network'
