export { type Listening, type ServeOptions, serve } from './bindings/node/serve'
export { prometheusMetrics } from './observe/metrics'
