/** Which base unit helps where: the change of its branch against the seed. */
import { z } from 'zod'
import { DomainKindSchema } from './records'

export const UnitChangesSchema = z.strictObject({
  domains: z.array(z.strictObject({ name: z.string(), kind: DomainKindSchema })),
  units: z.array(
    z.strictObject({
      unit: z.string(),
      partition: z.string(),
      /** By domain, nats per token: below 0 its branch does better than the seed; null: not measured. */
      changes: z.array(z.number().nullable())
    })
  )
})
export type UnitChanges = z.infer<typeof UnitChangesSchema>
