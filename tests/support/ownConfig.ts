/** What is kept for the user is kept for one test alone. */
import { afterEach, beforeEach, vi } from 'vitest'
import { temporaryFolder } from './temporaryFolder'

/** Gives every test of a file, or of a block, a folder of settings of its own. */
export function useOwnConfig(): void {
  beforeEach(async () => void vi.stubEnv('XDG_CONFIG_HOME', await temporaryFolder()))
  afterEach(() => void vi.unstubAllEnvs())
}
