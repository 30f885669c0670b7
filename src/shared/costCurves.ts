/** What ways of answering cost against the number of partitions, and what this study's own does. */
import { z } from 'zod'

const number = z.number()

export const CostCurvesSchema = z.strictObject({
  /** Members that this study's mixtures are made of. */
  members: number,
  /** FLOPs of training the seed, which every way pays once. */
  seedFlops: number,
  ways: z.array(
    z.strictObject({
      /** In words: `every subset: 2ⁿ − 1`. */
      name: z.string(),
      points: z.array(
        z.strictObject({
          n: number,
          /** Trainings besides the seed's. */
          runs: number,
          /** Of training, the seed's among them. */
          flops: number
        })
      )
    })
  ),
  /** As the report lists them: naive ways, the plan, the evidence, what was really spent. */
  own: z.array(
    z.strictObject({
      what: z.string(),
      how: z.string(),
      runs: number,
      tokens: number,
      flops: number
    })
  ),
  /** Base units, those of a mixture on average, and the mixtures from which on branches are cheaper. */
  units: number,
  unitsPerMixture: number,
  breakEven: number
})
export type CostCurves = z.infer<typeof CostCurvesSchema>
