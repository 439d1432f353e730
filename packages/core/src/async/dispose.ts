/** Runtimes without explicit resource management still get the method, under a name that nothing asks for. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
