import { defineConfig } from 'tsup'

// Both write into dist, side by side: each cleans up only what is its own.
const shared = { platform: 'browser', target: 'es2022', tsconfig: 'tsconfig.build.json', sourcemap: true } as const

export default defineConfig([
  // For bundlers, which find core by themselves and share it.
  { ...shared, entry: { index: 'src/index.ts' }, format: ['esm'], dts: true, clean: ['!ironflow.*'] },
  // For a script tag: everything in one file, under one global name.
  {
    ...shared,
    entry: { ironflow: 'src/index.ts' },
    format: ['iife'],
    globalName: 'Ironflow',
    noExternal: [/^@ironflow\//],
    minify: true,
    clean: ['!index.*'],
  },
])
