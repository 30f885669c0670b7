/** The head of a finished run, made up. */
import type { Run, RunResult } from '#shared/records'

export const RESULT = {
  finalLoss: 2.5,
  elapsedMs: 10,
  tokensPerSecond: 1000,
  backend: 'tensorflow',
  device: 'cpu',
  threads: 1,
  host: 'here'
} as const satisfies RunResult

export const RUN: Run = {
  fingerprint: 'f1',
  role: 'branch',
  name: 'law#1',
  mixture: null,
  budget: null,
  chosenBy: null,
  baseUnits: 1,
  tokens: 10,
  steps: 1,
  state: 'done',
  error: null,
  ...RESULT
}
