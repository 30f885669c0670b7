/** What a screen is told before a project is open, and of files before they are imported. */
import { z } from 'zod'

const count = z.number().int().nonnegative()

/** A project that can be opened, as a list shows it. */
export const ShelvedProjectSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** Where it lies, for people; empty where that is nobody's business. */
  where: z.string(),
  /** When its records changed last, in ms since 1970; null when it is gone. */
  changedAt: z.number().nullable(),
  studies: count,
  partitions: count,
  runs: count,
  /** Why it cannot be opened, in words; null when it can. */
  problem: z.string().nullable()
})
export type ShelvedProject = z.infer<typeof ShelvedProjectSchema>

/** What one screen has before it. */
export const DeskViewSchema = z.strictObject({
  /** Id of the project that is open here; null when none is. */
  open: z.string().nullable(),
  /** `folder`: all projects of a folder; `recent`: those opened lately; `one`: that one alone. */
  shelf: z.enum(['folder', 'recent', 'one']),
  projects: z.array(ShelvedProjectSchema),
  /** Where a new project goes, for people; null when none can be made here. */
  newProjectsIn: z.string().nullable(),
  /** False where the demo's texts cannot be fetched from. */
  hasDemo: z.boolean(),
  /** True where commands that a cluster is used by may be set from here: in this machine's own application. */
  setsCommands: z.boolean()
})
export type DeskView = z.infer<typeof DeskViewSchema>

/** How far a listed project is, and a small picture of its matrix. */
export const ProjectGlimpseSchema = z.strictObject({
  /** The study that is told of; null where none says anything. */
  study: z.string().nullable(),
  /** Null before the text is prepared, or where that is not read. */
  runs: z.strictObject({ done: count, planned: count }).nullable(),
  picture: z
    .strictObject({
      proxy: z.string(),
      /** Of the study: the picture may show fewer. */
      mixtures: count,
      domains: count,
      /** By mixture, then domain: change against the seed, nats per token; null: not measured. */
      cells: z.array(z.array(z.number().nullable()))
    })
    .nullable(),
  /** Why there is no picture although something is measured, in words. */
  leftOut: z.string().nullable()
})
export type ProjectGlimpse = z.infer<typeof ProjectGlimpseSchema>

/** More dropped files than this are no drop of a person's. */
export const MOST_DROPPED = 100_000

/** A file that is about to be streamed: its path below what was dropped, `/` between folders. */
export const DroppedFileSchema = z.strictObject({ path: z.string().max(4096), bytes: count })
