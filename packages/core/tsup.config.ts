import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    runtime: 'src/runtime.ts',
    protocol: 'src/protocol/index.ts',
    errors: 'src/errors/index.ts',
    transport: 'src/transport/index.ts',
  },
  format: ['esm', 'cjs'],
  // Shared chunks also for CommonJS: one copy of the error classes, whichever entry point they come from.
  splitting: true,
  platform: 'neutral',
  target: 'es2022',
  tsconfig: 'tsconfig.build.json',
  dts: true,
  clean: true,
  sourcemap: true,
})
