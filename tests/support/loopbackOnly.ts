/** Keeps processes of Node to the loopback address. */
import { resolve } from 'node:path'

const PRELOADED = resolve('tests/support/loopbackPreload.cjs')

/**
 * Variables with which Node, and what it starts, reaches the loopback address alone.
 *
 * @param asked file to which each other host is written that it asks for
 */
export function loopbackOnly(asked: string): Record<string, string> {
  return { NODE_OPTIONS: `--require ${PRELOADED}`, ASSAY_TEST_ASKED: asked }
}
