/** What the command line adds to an error: the engine says what to do, this says by which flag. */
import type { ErrorCode, ErrorDetails, PlainError } from '#shared/errors'

const skipping = () => 'assay import … --skip-bad-lines skips and counts them'

/** Flags of `import-table` that name what its tables do not say. */
const TABLE_FLAGS: Record<string, string> = {
  losses: `--losses 'eval/*/loss'`,
  weights: `--weights 'mixture/*'`,
  runs: '--id COLUMN',
  randomSeeds: '--seed-column COLUMN',
  perplexities: '--perplexity'
}

/** Flags of what a search is held to. */
const CONSTRAINT_FLAGS: Record<string, string> = {
  atMost: '--at-most',
  atLeast: '--at-least',
  noMore: '--share-at-most',
  sizes: '--sizes',
  tokens: '--tokens',
  repeat: '--repeat'
}

/** Flags of a simulated campaign. */
const SIMULATED_FLAGS: Record<string, string> = {
  nodes: '--nodes',
  gpusPerNode: '--gpus',
  runs: '--runs',
  slowNodes: '--slow-nodes',
  slowdown: '--slowdown',
  flopsPerSecond: '--flops',
  tail: '--tail',
  failures: '--failures'
}

/** The flag of a merge's setting. */
function mergeFlag(setting: string): string {
  if (setting === 'weight') return 'weights NUMBER,…'
  return ['t', 'lambda', 'density'].includes(setting) ? `${setting} NUMBER` : `set ${setting}=VALUE`
}

/** By code, out of the facts behind the message; null where nothing typed here would help. */
const HINTS: Partial<Record<ErrorCode, (details: ErrorDetails) => string | null>> = {
  'backend/unavailable': () => 'assay doctor',
  'corpus/exists': (details) => ('name' in details ? 'assay import … --name OTHER' : null),
  'corpus/invalid-encoding': skipping,
  'corpus/invalid-line': skipping,
  'executor/invalid': ({ found }) =>
    Array.isArray(found) ? 'assay run PROJECT --devices all' : null,
  'executor/failed': () => 'assay cluster show PROJECT names the job, assay cluster log its log',
  'executor/refused': () => 'assay cluster script PROJECT shows what was submitted',
  'executor/unconfirmed': () =>
    'assay run PROJECT --trust-cluster, or assay cluster check PROJECT --trust-cluster; --local runs it here',
  'executor/unavailable': () => 'assay run PROJECT --local runs it here',
  'merge/invalid': ({ expected, setting, file }) => {
    if (file !== undefined) return null
    if (expected === 'base') return 'assay merge … --base FOLDER'
    return typeof setting === 'string' ? `--${mergeFlag(setting)}` : null
  },
  'run/missing': ({ studies }) => (Array.isArray(studies) ? 'assay vary PROJECT KIND --run' : null),
  'search/infeasible': ({ constraint }) => `loosen ${CONSTRAINT_FLAGS[String(constraint)]}`,
  'storage/corrupt': ({ expected }) =>
    expected === undefined ? null : 'assay verify PROJECT --repair',
  'storage/disk-full': ({ runs }) =>
    runs === undefined ? null : 'assay clean PROJECT shows what can go',
  'storage/exists': ({ folder, isProject }) =>
    isProject === true ? `assay status ${folder}` : null,
  'storage/missing': ({ folder, expected }) =>
    expected === undefined ? null : `assay new ${folder}`,
  'storage/read-only': () => 'assay open PROJECT --read-only, or assay serve PROJECT --read-only',
  'study/missing': ({ series }) =>
    typeof series === 'string' ? `assay vary PROJECT ${series}` : null,
  'study/missing-domain': ({ missing, role }) =>
    role === 'seed' ? `assay import PROJECT FILES --as seed --name ${missing}` : null,
  // Where there are partitions, another name is to be written into the study.
  'study/missing-partition': ({ found }) =>
    Array.isArray(found) && found.length === 0
      ? 'assay import PROJECT FILES --partition FIELD'
      : null,
  'study/not-prepared': ({ folder }) => `assay run ${folder ?? 'PROJECT'}`,
  'study/from-tables': ({ documents }) =>
    documents === undefined ? null : 'leave --documents out',
  'table/invalid': ({ unnamed }) =>
    typeof unnamed === 'string' ? `assay import-table … ${TABLE_FLAGS[unnamed]}` : null,
  'tokenizer/invalid': (details) => {
    if ('begin' in details) return 'assay eval … --begin TOKEN'
    return 'id' in details ? 'assay import … --end-of-text-id ID' : null
  },
  'trainer/unconfirmed': ({ project }) => `assay run ${project ?? 'PROJECT'} --trust-trainer`,
  'usage/invalid': ({ expected, asked, simulated }) => {
    if (typeof simulated === 'string') return SIMULATED_FLAGS[simulated] ?? null
    if (expected === 'textFile') return 'assay bench tokenize --data FILE'
    return asked === 'inPlace' ? 'leave --in-place out' : null
  }
}

/** The command or flag that does what an error asks for; null where its message says all. */
export function hintFor({ code, details }: Pick<PlainError, 'code' | 'details'>): string | null {
  return HINTS[code]?.(details) ?? null
}
