/** A study's matrix as it is told: the numbers of ten thousand mixtures as blocks, not one by one. */
import { z } from 'zod'
import { MatrixSchema, TASK_METRICS } from './evidenceView'
import type { Matrix } from './evidenceView'

/**
 * Of each row that has any value: its place, then its values by column, NaN where there is none. Float64,
 * little-endian, in base64: as numbers in JSON they take twice the room, and each is read and checked by itself.
 */
const ValuesSchema = z.string()

const ProxiesSchema = z.array(z.strictObject({ name: z.string(), values: ValuesSchema }))
const SequentialSchema = MatrixSchema.shape.sequential.element.extend({ values: ValuesSchema })
const TasksSchema = MatrixSchema.shape.tasks.unwrap()

/** What `MatrixSchema` says, in the same order. */
export const PackedMatrixSchema = MatrixSchema.extend({
  rows: z.array(MatrixSchema.shape.rows.element.omit({ shares: true })),
  /** In the same way, of each member that a row has: place of the row, place of the member, its share. */
  shares: z.string(),
  proxies: ProxiesSchema,
  sequential: z.array(SequentialSchema),
  tasks: TasksSchema.extend({
    metrics: z.array(
      z.strictObject({
        metric: z.enum(TASK_METRICS),
        seed: TasksSchema.shape.metrics.element.shape.seed,
        proxies: ProxiesSchema,
        sequential: z.array(SequentialSchema.omit({ areMerges: true }))
      })
    )
  }).optional()
})
export type PackedMatrix = z.infer<typeof PackedMatrixSchema>

type With<Values, Table> = Omit<Table, 'values'> & { values: Values }
type Metric = NonNullable<Matrix['tasks']>['metrics'][number]

/** The tables of a matrix, with their values in whichever form. */
interface Tables<Values> {
  proxies: With<Values, Matrix['proxies'][number]>[]
  sequential: With<Values, Matrix['sequential'][number]>[]
  tasks?:
    | (Omit<NonNullable<Matrix['tasks']>, 'metrics'> & {
        metrics: (Omit<Metric, 'proxies' | 'sequential'> & {
          proxies: With<Values, Metric['proxies'][number]>[]
          sequential: With<Values, Metric['sequential'][number]>[]
        })[]
      })
    | undefined
}

/**
 * Gives the values of all tables of a matrix another form.
 *
 * @param ofDomains of tables with a column per domain
 * @param ofTasks of tables with a column per task
 */
export function mapValues<From, To>(
  { proxies, sequential, tasks }: Tables<From>,
  ofDomains: (values: From) => To,
  ofTasks: (values: From) => To
): Tables<To> {
  const mapped = <Table extends { values: From }>(all: readonly Table[], to: typeof ofDomains) =>
    all.map((table) => ({ ...table, values: to(table.values) }))
  return {
    proxies: mapped(proxies, ofDomains),
    sequential: mapped(sequential, ofDomains),
    ...(tasks
      ? {
          tasks: {
            ...tasks,
            metrics: tasks.metrics.map((one) => ({
              ...one,
              proxies: mapped(one.proxies, ofTasks),
              sequential: mapped(one.sequential, ofTasks)
            }))
          }
        }
      : {})
  }
}
