/** Models that were trained elsewhere and taken into a project as its branches or sequential models. */
import { z } from 'zod'
import { ArchitectureSchema } from './architecture'
import { ChosenBySchema } from './chosenBy'
import { FingerprintSchema } from './fingerprints'

const positive = z.number().int().positive()

/** One checkpoint in the project. */
const ImportedModelSchema = z.strictObject({
  /** Names its folder under `runs/`; a hash of configuration and weights. */
  fingerprint: FingerprintSchema,
  /** Where it came from; a label, not read again. */
  source: z.string(),
  /** Tokens it was trained on, as the importer says; null: not known. */
  tokens: positive.nullable().default(null)
})

/** What stands in a study for partitions whose text is elsewhere: their models. */
export const ImportedModelsSchema = z.strictObject({
  vocabularySize: positive,
  /** Tokens that the models can look back on, which may be more than are measured at a time. */
  contextLength: positive,
  /** Null for a plain Llama. */
  architecture: ArchitectureSchema.nullable().default(null),
  /** In the order of base units within each partition. */
  branches: z.array(ImportedModelSchema.extend({ partition: z.string() })).min(1),
  sequential: z
    .array(
      ImportedModelSchema.extend({
        mixture: z.string(),
        /** Why these mixtures were trained, as the importer says. */
        chosenBy: ChosenBySchema.default('design')
      })
    )
    .default([])
})
export type ImportedModels = z.infer<typeof ImportedModelsSchema>

/**
 * Members of a mixture with their weights, as it is written: `art+law`, or `art*0.25+law*0.75`.
 *
 * A weight that is no number comes out as NaN; one that is left out is 1.
 */
export function mixtureMembers(mixture: string): [name: string, weight: number][] {
  return mixture.split('+').map((member) => {
    const [name = '', weight] = member.trim().split('*')
    return [name.trim(), weight === undefined ? 1 : Number(weight)]
  })
}
