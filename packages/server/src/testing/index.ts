export { engineContract } from './engine-contract'
export type { OpenStore, StoreUnderTest } from './engine-contract/store'
