/** Notes that a step was finished, written last and whole: without it the step is done again. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * @param {string} path
 * @returns {Record<string, unknown> | null} null when there is none, or none that can be read
 */
export function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} facts
 */
export function writeStamp(path, facts) {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.draft-${process.pid}`
  writeFileSync(draft, JSON.stringify(facts, null, 2) + '\n')
  renameSync(draft, path)
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} facts
 */
export function stampSays(path, facts) {
  return JSON.stringify(readStamp(path)) === JSON.stringify(facts)
}
