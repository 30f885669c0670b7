/** The format of `project.assay`: what stands in it, and how older and newer ones are read. */
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import { FingerprintSchema } from '#shared/fingerprints'
import { CorpusSchema, PROJECT_VERSION, RunSchema, StudySchema } from '#shared/records'
import { damagedError, openSealed, sealedText } from './seals'
import type { Opened } from './seals'

/** The oldest version whose programs can read what this one writes: those before see no measurements. */
const READABLE_FROM = 4

const ProjectSchema = z.strictObject({
  format: z.literal('assay-project'),
  version: z.literal(PROJECT_VERSION),
  /** Programs of this version and later can read it, if not write it. */
  readableFrom: z.number(),
  createdAt: z.string(),
  /** True for results without checkpoints and text: to be read, not to be run. */
  isBundle: z.boolean().default(false),
  /** Set where the study was made from tables (`tables.json`, with its SHA-256): to be read only. */
  tables: z.strictObject({ fingerprint: FingerprintSchema }).optional(),
  corpora: z.array(CorpusSchema),
  /** Trained once and frozen: the wish (a hash of the choice) → the tokenizer it gave. */
  tokenizers: z.array(z.strictObject({ choice: z.string(), fingerprint: FingerprintSchema })),
  studies: z.array(StudySchema),
  /** Members that mixtures were drawn from: the wish (a hash of the choice) → all there were. */
  draws: z.array(z.strictObject({ choice: z.string(), members: z.array(z.string()) })).default([]),
  runs: z.array(RunSchema)
})
export type ProjectData = z.infer<typeof ProjectSchema>

/** A project file as it was found. */
export interface FoundProject {
  data: ProjectData
  /** Version that it is stored in. */
  version: number
  /** Why it may only be read, in words; null when it may be written. */
  readOnlyBecause: string | null
}

/** What a new project begins with. */
export function emptyProject(): ProjectData {
  return {
    format: 'assay-project',
    version: PROJECT_VERSION,
    readableFrom: READABLE_FROM,
    createdAt: new Date().toISOString(),
    isBundle: false,
    corpora: [],
    tokenizers: [],
    studies: [],
    draws: [],
    runs: []
  }
}

type Raw = Record<string, unknown>

/** One step each: version of the file → the file as the next version has it. */
const MIGRATIONS: Readonly<Record<number, (raw: Raw) => Raw>> = {
  // Studies gained `added` mixtures, whose defaults mean what was there before.
  1: (raw) => ({ ...raw, version: 2, readableFrom: 2 }),
  // The file ends with a checksum of itself, which is no part of the records.
  2: (raw) => ({ ...raw, version: 3 }),
  // Measurements name documents in a file beside theirs.
  3: (raw) => ({ ...raw, version: 4, readableFrom: 4 })
}

/**
 * Reads a project file of any version that can be read: older ones are brought to this version,
 * newer ones are read without what is unknown here where they say that this is no lie.
 *
 * @param path for errors
 * @throws WorkbenchError `storage/corrupt`, `storage/newer-version`
 */
export function parseProject(text: string, path: string): FoundProject {
  const opened = openSealed(text)
  // First, since a newer version may seal its files in another way.
  assertReadable(opened.value, path)
  return parseRecords(soundValue(opened, path), path)
}

/**
 * Reads the records whatever their checksum says: for a file that was changed by hand on purpose.
 *
 * @throws WorkbenchError as {@link parseProject}
 */
export function parseEditedProject(text: string, path: string): FoundProject {
  const opened = openSealed(text)
  if (opened.value === undefined) return parseProject(text, path)
  return parseRecords(opened.value, path)
}

function parseRecords(raw: unknown, path: string): FoundProject {
  const head = HeadSchema.safeParse(raw)
  if (!head.success) throw corrupt(path, head.error)
  const { version } = head.data
  if (version > PROJECT_VERSION) {
    assertReadable(raw, path)
    const known = parseKnown({ ...(raw as Raw), version: PROJECT_VERSION }, path)
    const because = `It was written by a newer Assay (version ${version} of the format; this one writes ${PROJECT_VERSION}), so it can be read but not changed here.`
    return { data: known, version, readOnlyBecause: because }
  }
  let migrated = raw as Raw
  for (let at = version; at < PROJECT_VERSION; at += 1) migrated = MIGRATIONS[at]!(migrated)
  const parsed = ProjectSchema.safeParse(migrated)
  if (!parsed.success) throw corrupt(path, parsed.error)
  return { data: parsed.data, version, readOnlyBecause: whyReadOnly(parsed.data) }
}

function whyReadOnly({ tables, isBundle }: ProjectData): string | null {
  if (tables) {
    return 'It was made from tables, without text and runs: it can be read but not changed or run.'
  }
  return isBundle
    ? 'It is a bundle: results without checkpoints and text. It can be read but not run.'
    : null
}

/** A project file's text. */
export function projectText(data: ProjectData): string {
  return sealedText(data, 1)
}

const HeadSchema = z.looseObject({
  format: z.literal('assay-project'),
  version: z.number().int().min(1),
  readableFrom: z.number().optional()
})

/** The first version whose files end with a checksum. */
const SEALED_FROM = 3

const PUT_BACK =
  'Verify the project with repair: the file is set aside, and the records before the last change take its place. ' +
  'If it was changed by hand on purpose, have the repair keep the edits.'

function soundValue(opened: Opened, path: string): unknown {
  const { state, value } = opened
  if (value === undefined) {
    throw new WorkbenchError(
      'storage/corrupt',
      `${path} is not JSON: it was damaged from outside. ${PUT_BACK}`,
      { path, expected: 'JSON' }
    )
  }
  if (state === 'damaged') throw damagedError(path, opened, PUT_BACK)
  const version = HeadSchema.safeParse(value).data?.version ?? 0
  if (state === 'unsealed' && version >= SEALED_FROM && version <= PROJECT_VERSION) {
    throw damagedError(path, { expected: 'a checksum at its end', found: 'none' }, PUT_BACK)
  }
  return value
}

/** Parses what is known of a newer file: keys that this version does not know are left out. */
function parseKnown(raw: Raw, path: string): ProjectData {
  // Changed in place: it was parsed for this alone, and a copy of what is too deep cannot be made.
  const copy = raw
  for (;;) {
    const parsed = ProjectSchema.safeParse(copy)
    if (parsed.success) return parsed.data
    const unknown = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? [issue] : []
    )
    if (unknown.length === 0) throw corrupt(path, parsed.error)
    for (const { path: place, keys } of unknown) {
      const holder = place.reduce<unknown>(
        (at, key) => (at as Record<PropertyKey, unknown>)[key],
        copy
      )
      for (const key of keys) delete (holder as Raw)[key]
    }
  }
}

function assertReadable(raw: unknown, path: string): void {
  const { version = 0, readableFrom = Infinity } = HeadSchema.safeParse(raw).data ?? {}
  if (version > PROJECT_VERSION && readableFrom > PROJECT_VERSION) throw newer(path, version)
}

function newer(path: string, version: number): WorkbenchError {
  return new WorkbenchError(
    'storage/newer-version',
    `${path} has version ${version}; this Assay reads up to version ${PROJECT_VERSION}. Open it with a newer Assay.`,
    { path, found: version, expected: PROJECT_VERSION }
  )
}

function corrupt(path: string, error: z.ZodError): WorkbenchError {
  return new WorkbenchError(
    'storage/corrupt',
    `${path} is not a project file of version ${PROJECT_VERSION}:\n${z.prettifyError(error)}`,
    { path }
  )
}
