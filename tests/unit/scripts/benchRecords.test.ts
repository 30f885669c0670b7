import { expect, test } from 'vitest'
import { COMMANDS } from '#shared/contract'
import type { CommandName } from '#shared/contract'
import { answersOf } from '../../../scripts/bench/window/engine.mjs'
import { beliefOf, matrixOf, trainingRuns } from '../../../scripts/bench/window/records.mjs'

test('the made-up records that the window is measured on are what the contract wants', () => {
  const matrix = matrixOf({ mixtures: 40, domains: 5 })
  const runs = trainingRuns(3)
  const answer = answersOf({ matrix, belief: beliefOf(matrix), runs }, new Map([['run-0', 9]]))
  const asked: [CommandName, object][] = [
    ['readDesk', {}],
    ['readProject', {}],
    ['readQueue', {}],
    ['readCatalogue', {}],
    ['readMatrix', {}],
    ['readBelief', {}],
    ['readCost', {}],
    ['readMachine', {}],
    ['readCurves', { curves: [{ run: 'run-0', after: null }], points: 5 }]
  ]
  for (const [command, input] of asked) {
    const told = answer(command, input) as { output: unknown }
    const { error } = COMMANDS[command].output.safeParse(told.output)
    expect([command, error?.issues ?? []]).toEqual([command, []])
  }
})
