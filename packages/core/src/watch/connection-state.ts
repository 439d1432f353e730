/**
 * The one connection loop of a client, as a pure machine: what happens moves it from state to state, and its driver
 * (`connection-manager.ts`) does what entering and leaving a state asks for. Nothing here knows time, sockets or subscriptions.
 *
 *              start                opened
 *      idle ──────────► connecting ────────► open        entering connecting opens a connection; leaving
 *        ▲               ▲  │  │ ▲            │ │         connecting or open for any state but open closes
 *        │ stop (any)    │  │  │ └── reopen ──┘ │         it: so there are never two
 *        │           due │  │  │ lost           │ lost
 *        │          wake │  │  └──► waiting ◄───┘
 *        │               └──│─────────┘ │
 *        │           due    │ refused   ▼
 *        │        rekeyed ◄─┴► unauthorized       close (any) ──► closed, which nothing leaves
 */
export type State = (typeof STATES)[number]

/** Every state, for tests and for tables. */
export const STATES = ['idle', 'connecting', 'open', 'waiting', 'unauthorized', 'closed'] as const

/**
 * What can happen.
 *
 * - `start`: something is to be carried, and nothing says to pause; `stop`: no more
 * - `opened`: the first message came
 * - `lost`: the connection failed, ended, or went silent; `refused`: the server does not accept the key
 * - `due`: the wait is over; `wake`: there is reason to believe that it works again; `rekeyed`: there is another key
 * - `reopen`: this connection will not do any more, though nothing is wrong with it
 * - `close`: the client is closed
 */
export type Event = (typeof EVENTS)[number]

/** Every event. */
export const EVENTS = [
  'start',
  'stop',
  'opened',
  'lost',
  'refused',
  'due',
  'wake',
  'rekeyed',
  'reopen',
  'close',
] as const

/** The event has no meaning in that state, or came too late: nothing happens. */
const stay = undefined

/** Where each event leads from each state. No cell may be left out: a new event is thought of in every state. */
const TABLE: Readonly<Record<State, Readonly<Record<Event, State | undefined>>>> = {
  idle: {
    start: 'connecting',
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    due: stay,
    wake: stay,
    rekeyed: stay,
    reopen: stay,
    close: 'closed',
  },
  connecting: {
    start: stay,
    stop: 'idle',
    opened: 'open',
    lost: 'waiting',
    refused: 'unauthorized',
    due: stay,
    wake: stay,
    rekeyed: stay,
    reopen: 'connecting',
    close: 'closed',
  },
  open: {
    start: stay,
    stop: 'idle',
    opened: stay,
    lost: 'waiting',
    refused: 'unauthorized',
    due: stay,
    wake: stay,
    rekeyed: stay,
    reopen: 'connecting',
    close: 'closed',
  },
  // A wait is for the server's good, so a new key does not end it; and what it ends with opens anew anyway.
  waiting: {
    start: stay,
    stop: 'idle',
    opened: stay,
    lost: stay,
    refused: stay,
    due: 'connecting',
    wake: 'connecting',
    rekeyed: stay,
    reopen: stay,
    close: 'closed',
  },
  // A page that becomes visible again does not make a wrong key a right one.
  unauthorized: {
    start: stay,
    stop: 'idle',
    opened: stay,
    lost: stay,
    refused: stay,
    due: 'connecting',
    wake: stay,
    rekeyed: 'connecting',
    reopen: stay,
    close: 'closed',
  },
  closed: {
    start: stay,
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    due: stay,
    wake: stay,
    rekeyed: stay,
    reopen: stay,
    close: stay,
  },
}

/** The state that `event` leads to; `undefined` where it changes nothing. A state that leads to itself begins anew. */
export function next(state: State, event: Event): State | undefined {
  return TABLE[state][event]
}
