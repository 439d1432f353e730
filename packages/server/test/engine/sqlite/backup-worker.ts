import { parentPort, workerData } from 'node:worker_threads'
import { backup } from '../../../src/engine/sqlite/backup'

const { directory, target } = workerData as { directory: string; target: string }
parentPort?.postMessage(backup(directory, target))
