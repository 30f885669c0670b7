/**
 * `npm run test:torture`: the long form of tests/torture, hours of it: every crash point, a hundred
 * kills, every step to stop at. What `npm test` tries a little of. Arguments are vitest's filters.
 */
process.env['ASSAY_TORTURE'] = 'all'
if (process.argv.length < 3) process.argv.push('tests/torture')
await import('./test.mjs')
