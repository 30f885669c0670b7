/** What nobody's window ever sends: calls of the contract, bent and broken by chance, always alike. */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { COMMANDS } from '#shared/contract'

/** Inputs that the commands take, to be bent. The demo is left out: it would go and fetch texts. */
const SOUND: Record<string, unknown> = {
  openProject: { id: 'served', readOnly: false },
  readGlimpse: { id: 'served' },
  createProject: { name: 'made' },
  copyProject: { name: 'copied', kind: 'bundle' },
  forgetProject: { id: 'served' },
  readDevices: { again: false },
  readCurves: { curves: [{ run: 'a'.repeat(64), after: null }], points: 100 },
  readAdditions: { study: 'served', added: null },
  readTable: { study: 'served', table: 'pairs' },
  readReport: { study: 'served', form: 'html' },
  scoreMixture: { study: 'served', weights: { law: 1, web: 0.5 } },
  addMixture: { study: 'served', weights: { law: 1 } },
  trainSequentially: { study: 'served', mixtures: ['law+web', { law: 1 }], list: 'added' },
  exportMerge: { study: 'served', mixture: 'law', merge: 'micro' },
  searchMixtures: { study: 'served', request: { proxy: 'ensemble', domain: 'mean', sizes: [2] } },
  moveRun: { study: 'served', run: 'a'.repeat(64), before: null },
  readCost: { study: 'served', estimate: false },
  previewStudy: { study: { version: 1, name: 'x', unit: { sequences: 40 }, model: 'tiny' } },
  saveStudy: { study: { version: 1, name: 'x', seed: { source: 'checkpoint', path: '/etc' } } },
  readPresets: { vocabularySize: 4096 },
  beginDrop: { files: [{ path: 'texts/a.jsonl', bytes: 10 }] },
  addToDrop: { drop: 'a'.repeat(16), file: 0, base64: 'eyJ0ZXh0IjoiYSJ9' },
  discardDrop: { drop: 'a'.repeat(16) },
  previewDrop: { drop: 'a'.repeat(16), textField: 'text', partition: { kind: 'one', name: 'a' } },
  importDrop: {
    drop: 'a'.repeat(16),
    name: 'law',
    role: 'training',
    textField: 'text',
    partition: { kind: 'condition', conditions: [{ name: 'old', sql: 'year < 2000' }] },
    skipBadLines: false,
    keepFields: []
  }
}

const NAMES = Object.keys(COMMANDS).filter((name) => name !== 'openDemo')

/** What would leave nothing to be told. */
const LASTING = new Set(['removeStudy', 'undoEdit', 'redoEdit', 'closeProject', 'createProject'])

/** Values that have broken other programs. */
const NASTY: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  '../../../../etc/passwd',
  '/etc/passwd',
  'C:\\Windows\\win.ini',
  '\\\\evil.example\\share',
  'file:///etc/passwd',
  'a\u0000b',
  '\ud800',
  '__proto__',
  'constructor',
  '<img src=x onerror=alert(1)>',
  "=cmd|' /C calc'!A0",
  "'; DROP TABLE x; --",
  '$(touch owned)',
  'x'.repeat(20_000),
  [],
  {},
  [[[[[[[[]]]]]]]],
  { toString: 1, valueOf: 1, then: 1 },
  JSON.parse('{"__proto__":{"isOpen":true},"constructor":{"prototype":{"isOpen":true}}}')
]

const KEYS = NASTY.filter((one) => typeof one === 'string')

/** Texts that are no call at all. */
const BROKEN = [
  '{',
  'null',
  '[]',
  '"text"',
  '{"id":1}',
  '{"id":"1","command":"readDesk","input":{}}',
  '{"id":1e400,"command":"readDesk","input":{}}',
  '{"id":1,"command":"__proto__","input":{}}',
  '{"id":1,"command":"toString","input":{}}',
  '{"id":1,"command":"onEvent","input":{}}',
  '{"id":1,"command":"readDesk","input":{},"more":1}',
  '{"id":1,"command":"readDesk","input":{"__proto__":{"open":"x"}}}',
  `{"id":1,"command":"saveStudy","input":{"study":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
  `{"id":1,"command":"previewStudy","input":{"study":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`,
  '\u0000\u0001\u0002',
  '['.repeat(200_000)
]

/** An endless row of hostile texts and bytes; the same for the same seed. */
export function* hostileTexts(seed: number, known: Known = UNKNOWN): Generator<string | Buffer> {
  const random = xoroshiro128plus(seed)
  const below = (count: number) => uniformInt(random, 0, count - 1)
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)]!
  for (let id = 1; ; id++) {
    const command = one(NAMES)
    const call = { id, command, input: told(SOUND[command] ?? { study: UNKNOWN.study }, known) }
    switch (below(7)) {
      case 0:
        yield one(BROKEN)
        break
      case 1:
        yield flipped(JSON.stringify(call), below)
        break
      case 2:
        yield JSON.stringify(call).slice(0, below(80))
        break
      case 3:
        yield JSON.stringify({ ...call, input: one(NASTY) })
        break
      case 4:
        // Sound, so that what a project holds is told; but it stays there.
        if (!LASTING.has(command)) yield JSON.stringify(call)
        break
      default:
        yield JSON.stringify({ ...call, input: bent(call.input, one, below) })
    }
  }
}

/** What a project holds, so that calls reach it. */
export interface Known {
  study: string
  run: string
  /** Two of them. */
  partitions: readonly [string, string]
}

/** As the sound inputs have them. */
const UNKNOWN: Known = { study: 'served', run: 'a'.repeat(64), partitions: ['law', 'web'] }

/** An input with what a project holds in the place of what none does. */
function told(input: unknown, { study, run, partitions }: Known): unknown {
  const names = new Map([
    [UNKNOWN.run, run],
    [UNKNOWN.partitions[0], partitions[0]],
    [UNKNOWN.partitions[1], partitions[1]],
    [UNKNOWN.partitions.join('+'), partitions.join('+')]
  ])
  const changed = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return key === 'study' ? study : (names.get(value) ?? value)
    if (Array.isArray(value)) return value.map((one) => changed(one, ''))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [names.get(name) ?? name, changed(one, name)])
    )
  }
  return changed(input, '')
}

/** A text with some of its bytes changed, which need not be UTF-8 any more. */
function flipped(text: string, below: (count: number) => number): Buffer {
  const bytes = Buffer.from(text)
  for (let i = 0; i <= below(4); i++) bytes[below(bytes.length)] = below(256)
  return bytes
}

/** A value with one of the values in it, or a key, put in another's place. */
function bent(
  value: unknown,
  one: <Item>(items: readonly Item[]) => Item,
  below: (count: number) => number
): unknown {
  if (value === null || typeof value !== 'object' || below(4) === 0) return one(NASTY)
  const entries = Object.entries(value)
  if (entries.length === 0) return { more: one(NASTY) }
  const [key, inner] = one(entries)
  const changed = bent(inner, one, below)
  if (Array.isArray(value)) return value.with(Number(key), changed) as unknown
  if (below(8) === 0) return Object.fromEntries([...entries, [one(KEYS), changed]])
  return { ...value, [key]: changed }
}
