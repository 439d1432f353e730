export type { Caller, Connection, ConnectionEnd, ConnectionSession, Transport } from './transport'
