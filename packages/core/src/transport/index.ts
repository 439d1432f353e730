export type { CallTransport, Connection, ConnectionEnd, ConnectionSession, Transport } from './transport'
